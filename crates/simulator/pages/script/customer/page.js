// The customer's page: joins the conversation to the form, the log and the composer.

import { bytesOf, el, find } from "../dom.js";
import { LogView } from "../log-view.js";
import { described, kindOf } from "../people.js";
import { CustomerApi } from "./api.js";
import { Conversation } from "./conversation.js";

const MOST_BYTES = 4096; // what contact centre desktops are made for
const REMEMBERED = "attendant.chat";

const parts = Object.fromEntries(
  ["start", "name", "subject", "start-problem", "talk", "log", "latest", "typing", "composer", "say", "send", "say-note", "over", "over-why", "restart", "end", "presence", "connection", "waiting"].map(
    (id) => [id, find(`#${id}`)],
  ),
);
// `/customer?centre=…&queue=…` for a server with other names.
const asked = new URLSearchParams(location.search);
const conversation = new Conversation(new CustomerApi({ centre: asked.get("centre"), queue: asked.get("queue") }));
let nickname = "Guest";
let unseen = 0;
let shown = "idle";
let spoken = 0;
let quietly = false;

const log = new LogView(parts.log, {
  own: (from) => kindOf(from) === "customer",
  me: () => ({ type: "Customer", nickname, participantId: "me" }),
  onRetry: (id) => conversation.outbox.retry(id),
  onAway: (away) => (parts.latest.hidden = !away),
});

conversation.addEventListener("change", render);
setInterval(() => conversation.state === "open" && renderTyping(), 1_000);

parts.start.addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = parts.name.value.trim();
  nickname = name || "Guest";
  const button = parts.start.querySelector("button");
  button.disabled = true;
  parts["start-problem"].hidden = true;
  log.clear();
  try {
    await conversation.start({ name, subject: parts.subject.value.trim() });
    sessionStorage.setItem(REMEMBERED, JSON.stringify({ id: conversation.id, nickname }));
    parts.say.focus();
  } catch {
    parts["start-problem"].textContent = "We cannot be reached right now. Please try again in a moment.";
    parts["start-problem"].hidden = false;
  } finally {
    button.disabled = false;
  }
});

parts.composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = parts.say.value.trim();
  if (text === "" || tooLong(text)) return;
  conversation.say(text);
  parts.say.value = "";
  log.toEnd();
  composed();
  parts.say.focus();
});

parts.say.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  parts.composer.requestSubmit();
});

let typingTimer;
parts.say.addEventListener("input", () => {
  composed();
  clearTimeout(typingTimer);
  const writing = parts.say.value.trim() !== "";
  conversation.showTyping(writing);
  if (writing) typingTimer = setTimeout(() => conversation.showTyping(false), 4_000);
});

parts.end.addEventListener("click", async () => {
  parts.end.disabled = true;
  try {
    await conversation.end();
  } catch {
    note("The chat could not be ended: no connection. Please try again.", true);
  } finally {
    parts.end.disabled = false;
  }
});

parts.restart.addEventListener("click", () => {
  sessionStorage.removeItem(REMEMBERED);
  shown = "idle";
  arrange("idle");
  parts.name.value = nickname === "Guest" ? "" : nickname;
  parts.subject.value = "";
  parts.subject.focus();
});

parts.latest.addEventListener("click", () => log.toEnd());
addEventListener("online", () => conversation.wake());
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unseen = 0;
  conversation.wake();
  title();
});

const remembered = JSON.parse(sessionStorage.getItem(REMEMBERED) ?? "null");
if (remembered) {
  nickname = remembered.nickname;
  quietly = true;
  conversation.resume(remembered.id);
} else {
  parts.name.focus({ preventScroll: true });
}

function tooLong(text) {
  return bytesOf(text) > MOST_BYTES;
}

function composed() {
  const text = parts.say.value.trim();
  const bytes = bytesOf(text);
  parts.send.disabled = text === "" || bytes > MOST_BYTES;
  parts.say.setAttribute("aria-invalid", String(bytes > MOST_BYTES));
  if (bytes > MOST_BYTES) {
    const times = Math.ceil(bytes / MOST_BYTES);
    note(`That is more than one message can carry. Please shorten it, or send it in ${times === 2 ? "two" : `about ${times}`} parts.`, true);
  } else if (bytes > MOST_BYTES * 0.8) {
    note(`Room for about ${MOST_BYTES - bytes} more characters.`);
  } else {
    note("");
  }
}

function note(words, bad = false) {
  if (parts["say-note"].textContent === words) return;
  parts["say-note"].textContent = words;
  parts["say-note"].classList.toggle("bad", bad);
}

function render() {
  const { state } = conversation;
  if (state !== shown && state !== "starting") arrange(state);
  shown = state === "starting" ? shown : state;
  if (state === "idle" || state === "starting") return;
  const entries = conversation.entries;
  log.show({ entries, outbox: conversation.outbox.items }, { quietly });
  if (entries.length > 0) quietly = false;
  parts.connection.hidden = conversation.connected;
  if (!conversation.connected) parts.connection.textContent = "The connection is lost. Trying again – nothing you write is lost.";
  count(entries);
  renderPresence();
  renderTyping();
}

function arrange(state) {
  const idle = state === "idle";
  const over = state === "over";
  parts.start.hidden = !idle;
  parts.talk.hidden = idle;
  parts.composer.hidden = over;
  parts.over.hidden = !over;
  parts.end.hidden = state !== "open";
  parts.connection.hidden = true;
  if (state !== "open") parts.waiting.hidden = true;
  note("");
  if (idle) parts.presence.textContent = "Ask us anything";
  if (over) {
    sessionStorage.removeItem(REMEMBERED);
    parts["over-why"].textContent = conversation.why ?? "This chat has ended.";
    if (parts.talk.contains(document.activeElement) || document.activeElement === document.body || document.activeElement === parts.end) parts.restart.focus();
  }
}

// Who is there stands in the head; that nobody is there, and who is coming, is told where it cannot be overlooked.
function renderPresence() {
  const { people, state } = conversation;
  const waits = state === "open" && people.length === 0;
  let words = `With ${people.map(described).join(" and ")}`;
  if (state === "over") words = "This chat has ended";
  else if (waits) words = conversation.leftBy ? "You are being passed on" : "Waiting for somebody to answer";
  if (parts.presence.textContent !== words) parts.presence.textContent = words;
  // In a new chat somebody answers at once, as a rule.
  const told = waits && conversation.connected && (conversation.leftBy || conversation.place > 0) ? waiting() : "";
  parts.waiting.hidden = told === "";
  if (parts.waiting.textContent !== told) parts.waiting.replaceChildren(el("span", { className: "spinner", "aria-hidden": "true" }), told);
}

function waiting() {
  const { leftBy, place } = conversation;
  const who = !leftBy ? "Somebody will be with you soon." : `${leftBy.nickname} has passed you on. ${kindOf(leftBy) === "bot" ? "A person" : "Somebody"} will be with you soon.`;
  if (!place) return who;
  return `${who} ${place === 1 ? "You are next." : `You are number ${place} in the queue.`}`;
}

function renderTyping() {
  const names = conversation.typing.map((person) => person.nickname);
  const words = names.length === 0 ? "" : `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} typing`;
  if (parts.typing.textContent === words) return;
  parts.typing.replaceChildren();
  if (words) parts.typing.append(el("span", { className: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")), words);
}

function count(entries) {
  const lines = entries.filter((entry) => entry.type === "Text" && kindOf(entry.from) !== "customer").length;
  if (document.hidden && lines > spoken) unseen += lines - spoken;
  spoken = lines;
  title();
}

function title() {
  document.title = unseen > 0 ? `(${unseen}) Chat with us` : "Chat with us";
}
