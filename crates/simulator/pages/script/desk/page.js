// The desk's page: signs in, joins the desk to its three views, shortcuts, and what goes wrong.

import { el, find, icon } from "../dom.js";
import { described } from "../people.js";
import { Refused, Unknown } from "../wire.js";
import { AgentApi } from "./api.js";
import { ChatView } from "./chat-view.js";
import { Desk } from "./desk.js";
import { DetailsView } from "./details-view.js";
import { chooseTarget, confirm, showKeys } from "./dialogs.js";
import { ListView } from "./list-view.js";

// Tabs of one browser share one session with the server, and a session is one person. The first desk keeps this lock.
let release = null;

const desk = new Desk(new AgentApi());
const list = new ListView(desk, { act, open });
const chatView = new ChatView(desk);
const details = new DetailsView(desk, { act });

const SHORTCUTS = [
  { code: "KeyA", keys: ["Alt", "A"], words: "Accept the offer", run: () => desk.offers[0] && act(desk.accept(desk.offers[0])) },
  { code: "KeyX", keys: ["Alt", "X"], words: "Decline the offer", run: () => desk.offers[0] && act(desk.reject(desk.offers[0])) },
  { code: "ArrowDown", keys: ["Alt", "↓"], words: "Next chat", run: () => step(1) },
  { code: "ArrowUp", keys: ["Alt", "↑"], words: "Previous chat", run: () => step(-1) },
  { code: "KeyN", keys: ["Alt", "N"], words: "Write to agents only, or to everybody", run: () => desk.chat?.live && chatView.toggleAgentsOnly() },
  { code: "KeyI", keys: ["Alt", "I"], words: "Invite a colleague", run: () => press("#invite") },
  { code: "KeyT", keys: ["Alt", "T"], words: "Transfer the chat", run: () => press("#transfer") },
  { code: "KeyB", keys: ["Alt", "B"], words: "Give the chat back to the assistant", run: () => press("#give-back") },
  { code: "KeyE", keys: ["Alt", "E"], words: "End or leave the chat", run: () => press("#leave") },
  { code: "KeyC", keys: ["Alt", "C"], words: "Complete the chat", run: () => press("#complete") },
  { code: "KeyR", keys: ["Alt", "R"], words: "Ready or not ready", run: () => press("#ready") },
  { code: "Slash", keys: ["Alt", "/"], words: "Show these shortcuts", run: () => showKeys(SHORTCUTS) },
];

desk.addEventListener("change", render);
desk.addEventListener("trouble", ({ detail }) => complain(detail));
desk.addEventListener("missed", ({ detail }) => complain(`The offer of ${detail.customer} was taken back.`));
desk.addEventListener("signed-out", () => {
  problem("Your session has ended. Please sign in again.");
  render();
  find("#password").focus();
});

find("#sign-in-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = find("#sign-in-button");
  button.disabled = true;
  find("#sign-in-problem").hidden = true;
  try {
    if (!(await alone())) {
      problem("The desk is already open in another tab of this browser. A second person needs a private window or another browser.");
      return;
    }
    await desk.signIn(find("#user").value.trim(), find("#password").value);
    find("#password").value = "";
    details.load();
  } catch (error) {
    free();
    problem(error instanceof Refused && error.unauthenticated ? "User name and password do not match." : "The server cannot be reached. Please try again in a moment.");
    find(error instanceof Unknown ? "#sign-in-button" : "#password").focus();
  } finally {
    button.disabled = false;
  }
});

find("#sign-out").addEventListener("click", async () => {
  const open = desk.chats.filter((chat) => chat.live).length;
  const words = `You still have ${open === 1 ? "a chat" : `${open} chats`} with customers.`;
  if (open > 0 && !(await confirm({ title: "Sign out?", words, yes: "Sign out", danger: true }))) return;
  await desk.signOut();
  free();
  find("#user").focus();
});

find("#invite").addEventListener("click", () => pass("Invite", "Invite a colleague into this chat", ["User"]));
find("#transfer").addEventListener("click", () => pass("Transfer", "Transfer this chat", ["User", "Skill", "Queue"]));
find("#give-back").addEventListener("click", async () => {
  const { chat } = desk;
  if (!chat?.bot) return;
  const words = `${described(chat.bot)} goes on with ${chat.customer}, and this chat leaves your desk.`;
  const note = await confirm({ title: "Back to the assistant?", words, yes: "Give back", note: true });
  if (note !== null) act(desk.giveBack(chat, note));
});
find("#leave").addEventListener("click", async () => {
  const { chat } = desk;
  if (!chat) return;
  const stays = chat.others.length > 0;
  const question = stays
    ? { title: "Leave this chat?", words: `${chat.others.map((who) => who.nickname).join(" and ")} will go on with ${chat.customer}.`, yes: "Leave" }
    : { title: "End this chat?", words: `The conversation with ${chat.customer} ends. You can still save a result.`, yes: "End chat", danger: true };
  if (await confirm(question)) act(desk.leave(chat));
});
find("#complete").addEventListener("click", async () => {
  const { chat } = desk;
  if (!chat) return;
  const question = { title: "End and complete?", words: `The conversation with ${chat.customer} is still going on. It ends for the customer, too.`, yes: "Complete", danger: true };
  if (!chat.live || (await confirm(question))) act(desk.complete(chat));
});
find("#show-keys").addEventListener("click", () => showKeys(SHORTCUTS));
find("#to-list").addEventListener("click", () => view("list"));
find("#to-details").addEventListener("click", () => view(find("#desk").dataset.view === "details" ? "chat" : "details"));
find("#from-details").addEventListener("click", () => view("chat"));

addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || !desk.user || document.querySelector("dialog[open]")) return;
  const shortcut = SHORTCUTS.find(({ code }) => code === event.code);
  if (!shortcut) return;
  event.preventDefault();
  shortcut.run();
});
addEventListener("keydown", (event) => event.key === "Escape" && find("#desk").dataset.view === "details" && view("chat"));
addEventListener("online", () => desk.wake());
addEventListener("offline", () => desk.interrupt());
addEventListener("pagehide", () => desk.leaveInPassing());
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  desk.wake();
  desk.seen();
});

const remembered = Desk.remembered();
if (remembered) {
  find("#user").value = remembered.user;
  goOn();
} else {
  // `/desk?user=…` for links that say who is meant.
  find("#user").value = new URLSearchParams(location.search).get("user") ?? "";
  find(find("#user").value ? "#password" : "#user").focus();
}

// After a reload the browser's session may still be good. If it is not, the form is there.
async function goOn() {
  try {
    if (!(await alone())) return;
    await desk.signIn();
    details.load();
  } catch {
    free();
    find("#password").focus();
  }
}

function render() {
  const inside = desk.user !== null;
  find("#sign-in").hidden = inside;
  find("#desk").hidden = !inside;
  if (!inside) {
    document.title = "Agent desk";
    return;
  }
  list.show();
  chatView.show();
  details.show();
  if (!desk.chat && find("#desk").dataset.view !== "list") view("list");
  const waiting = desk.offers.length + desk.unread;
  document.title = waiting > 0 ? `(${waiting}) Agent desk` : "Agent desk";
  if (desk.chat && desk.chat.id !== render.last) {
    view("chat");
    if (desk.chat.live) find("#say").focus();
  }
  render.last = desk.chat?.id ?? null;
}

function view(name) {
  find("#desk").dataset.view = name;
}

function open(chat) {
  desk.select(chat.id);
  view("chat");
  find(chat.live ? "#say" : "#complete").focus();
}

function step(by) {
  const { chats } = desk;
  if (chats.length === 0) return;
  const at = chats.findIndex((chat) => chat.id === desk.selected);
  open(chats[(at + by + chats.length) % chats.length]);
}

function press(selector) {
  const button = find(selector);
  if (!button.hidden && !button.disabled && button.checkVisibility()) button.click();
}

async function pass(operation, title, only) {
  const { chat } = desk;
  if (!chat) return;
  const target = await chooseTarget({ title, only, self: desk.user.userName, load: () => desk.targets() });
  if (target) act(desk.pass(chat, operation, target.parameters, target.note));
}

async function act(doing) {
  try {
    await doing;
  } catch (error) {
    complain(error instanceof Refused ? `That was not possible: ${error.message}.` : "No answer from the server. Please look whether it was done, and try again.");
  }
}

function complain(words) {
  const close = el("button", { className: "button quiet square small", type: "button", "aria-label": "Dismiss" }, icon("close"));
  const toast = el("p", { className: "toast" }, el("span", { className: "grow" }, words), close);
  const gone = setTimeout(() => toast.remove(), 10_000);
  close.addEventListener("click", () => {
    clearTimeout(gone);
    toast.remove();
  });
  find("#toasts").append(toast);
}

function problem(words) {
  find("#sign-in-problem").textContent = words;
  find("#sign-in-problem").hidden = false;
}

function alone() {
  if (!navigator.locks || release) return Promise.resolve(true);
  return new Promise((resolve) => {
    const held = () => {
      resolve(true);
      return new Promise((done) => (release = done));
    };
    // A page that is just being left, by a reload, needs a moment to let go.
    navigator.locks.request("attendant.desk", { signal: AbortSignal.timeout(1_500) }, held).catch(() => resolve(false));
  });
}

function free() {
  release?.();
  release = null;
}
