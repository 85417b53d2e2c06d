// The middle: one chat with its transcript, what can be done with it, and the reply box.

import { bytesOf, el, find, icon } from "../dom.js";
import { LogView } from "../log-view.js";
import { described, kindOf } from "../people.js";

const MOST_BYTES = 4096;
const AFTER = {
  LeftChat: "The chat has ended. Save a result if you like, then complete it.",
  JoinFailed: "The platform could not join this chat. It can only be completed.",
};

export class ChatView {
  #desk;
  #shown = null;
  #drafts = new Map();
  #log;
  #typingTimer;

  constructor(desk) {
    this.#desk = desk;
    this.#log = new LogView(find("#log"), {
      own: (from) => desk.chat?.own(from) ?? false,
      me: () => ({ type: "Agent", nickname: desk.name, participantId: "me" }),
      onRetry: (id) => desk.chat?.outbox.retry(id),
      onAway: (away) => (find("#latest").hidden = !away),
    });
    find("#latest").addEventListener("click", () => this.#log.toEnd());
    find("#composer").addEventListener("submit", (event) => this.#say(event));
    find("#say").addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      find("#composer").requestSubmit();
    });
    find("#say").addEventListener("input", () => this.#composed(true));
    for (const id of ["#to-all", "#to-agents"]) find(id).addEventListener("change", () => this.#addressed());
    setInterval(() => this.#typing(), 1_000);
  }

  get agentsOnly() {
    return find("#to-agents").checked;
  }

  /** Switches between everybody and agents only. */
  toggleAgentsOnly() {
    find(this.agentsOnly ? "#to-all" : "#to-agents").checked = true;
    this.#addressed();
    find("#say").focus();
  }

  show() {
    const { chat } = this.#desk;
    find("#chat").hidden = !chat;
    find("#nothing").hidden = Boolean(chat);
    find("#nothing-words").textContent = this.#desk.ready ? "You are ready. A new offer appears on the left." : "Switch to ready, and offers appear on the left.";
    const fresh = chat?.id !== this.#shown;
    if (fresh) this.#swap(chat);
    if (!chat) return;
    find("#chat-title").textContent = chat.customer;
    const others = chat.others.map(described);
    const subject = chat.data.Subject;
    find("#chat-sub").textContent = [subject, others.length > 0 ? `with ${others.join(", ")}` : null].filter(Boolean).join(" · ");
    this.#log.show({ entries: chat.entries, outbox: chat.outbox.items }, { quietly: fresh });
    this.#buttons(chat);
    this.#typing();
  }

  #swap(chat) {
    if (this.#shown) this.#drafts.set(this.#shown, find("#say").value);
    this.#shown = chat?.id ?? null;
    this.#log.clear();
    find("#say").value = this.#drafts.get(this.#shown) ?? "";
    find("#to-all").checked = true;
    this.#addressed();
  }

  #buttons(chat) {
    find("#invite").hidden = !chat.live;
    find("#invite").disabled = !chat.can("Invite");
    find("#transfer").disabled = !chat.can("Transfer");
    find("#give-back").hidden = !chat.live || !chat.bot || Boolean(chat.botBeside);
    find("#give-back").disabled = !chat.can("Transfer");
    const beside = chat.botBeside ? `${chat.botBeside.nickname} is here until you say hello, and then leaves.` : "";
    find("#beside").hidden = beside === "";
    if (find("#beside").textContent !== beside) find("#beside").replaceChildren(icon("bot"), beside);
    find("#leave").hidden = !chat.live;
    find("#leave").disabled = !chat.can("Leave");
    find("#leave-words").textContent = chat.others.length > 0 ? "Leave" : "End chat";
    find("#complete").disabled = !chat.can("Complete");
    find("#complete").classList.toggle("primary", !chat.live);
    find("#composer").hidden = !chat.live;
    find("#to-agents").disabled = !chat.can("SendToAgents");
    find("#after").hidden = chat.live;
    find("#after").textContent = AFTER[chat.state] ?? "";
  }

  #typing() {
    const typers = this.#desk.chat?.typing ?? [];
    const words = typers.map(({ from, text }) => `${from.nickname} is typing${text && kindOf(from) === "customer" ? `: ${text}` : ""}`).join(" · ");
    const place = find("#typing");
    if (place.textContent === words) return;
    place.replaceChildren();
    if (words) place.append(el("span", { className: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")), words);
  }

  #addressed() {
    const agents = this.agentsOnly;
    find("#composer").classList.toggle("agents", agents);
    find("#say").placeholder = agents ? "Write to the agents in this chat" : "Write to the customer";
    this.#composed(false);
  }

  #composed(typed) {
    const { chat } = this.#desk;
    const text = find("#say").value.trim();
    const bytes = bytesOf(text);
    find("#send").disabled = text === "" || bytes > MOST_BYTES;
    find("#say-note").textContent = bytes > MOST_BYTES ? "That is more than one message can carry. Please shorten or split it." : "";
    find("#say-note").classList.toggle("bad", bytes > MOST_BYTES);
    if (!typed || !chat) return;
    clearTimeout(this.#typingTimer);
    const writing = text !== "" && !this.agentsOnly;
    chat.showTyping(writing);
    if (writing) this.#typingTimer = setTimeout(() => chat.showTyping(false), 4_000);
  }

  #say(event) {
    event.preventDefault();
    const { chat } = this.#desk;
    const text = find("#say").value.trim();
    if (!chat?.live || text === "" || bytesOf(text) > MOST_BYTES) return;
    clearTimeout(this.#typingTimer);
    chat.say(text, this.agentsOnly ? "Agents" : "All");
    find("#say").value = "";
    this.#composed(false);
    this.#log.toEnd();
    find("#say").focus();
  }
}
