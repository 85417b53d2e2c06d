// One chat as the desk knows it: the platform's picture, the transcript, own lines on their way. No DOM here.

import { Outbox } from "../outbox.js";
import { Pause } from "../pause.js";
import { kindOf } from "../people.js";

const TYPING_LASTS = 20_000;
const NOTE_KEYS = /^(?:(?:bot|handoff)[ _-]?)?(?:note|summary)$/iu;
const FINAL = new Set(["Completed", "Revoked"]);

export class Chat {
  #api;
  #changed;
  #nickname;
  #userId;
  #entries = new Map();
  #typers = new Map();
  #ownIds = new Set();
  #ownTyping = null;
  #pause = new Pause();
  #bot = null;
  state = null;
  capabilities = null;
  participants = [];
  data = {};
  unread = 0;
  selected = false;
  offeredAt = 0;
  arrived = Date.now();

  constructor(id, { api, changed, nickname, userId }) {
    this.id = id;
    this.#api = api;
    this.#changed = changed;
    this.#nickname = nickname;
    this.#userId = userId;
    this.outbox = new Outbox({
      send: (item) => api.operate(id, item.visibility === "Agents" ? "SendToAgents" : "SendMessage", { text: item.text }),
      settle: () => this.read(),
      changed,
      pause: this.#pause,
    });
  }

  get entries() {
    return [...this.#entries.values()].sort((a, b) => a.index - b.index);
  }

  get typing() {
    const now = Date.now();
    return [...this.#typers.values()].filter((typer) => typer.until > now);
  }

  get offered() {
    return this.state === "Invited";
  }

  get over() {
    return FINAL.has(this.state);
  }

  /** The live session: words can be said. */
  get live() {
    return this.state === "Chatting";
  }

  get customer() {
    const named = this.participants.find((who) => kindOf(who) === "customer") ?? this.entries.find((entry) => kindOf(entry.from) === "customer")?.from;
    const name = named?.nickname ?? [this.data.FirstName, this.data.LastName].filter(Boolean).join(" ");
    return name || "Customer";
  }

  get others() {
    return this.participants.filter((who) => kindOf(who) !== "customer" && !this.own(who));
  }

  /** The assistant that had this chat before, or still is in it; null if there was none. */
  get bot() {
    return this.#bot ?? this.entries.findLast((entry) => kindOf(entry.from) === "bot")?.from ?? null;
  }

  /** An assistant that is still in, and leaves when a person has spoken. */
  get botBeside() {
    return this.live ? (this.others.find((who) => kindOf(who) === "bot") ?? null) : null;
  }

  get lastText() {
    return this.entries.findLast((entry) => entry.type === "Text");
  }

  /** What was left for whoever takes this chat: a note in the attached data, and lines that only agents see. */
  get notes() {
    const attached = Object.entries(this.data).filter(([key, value]) => NOTE_KEYS.test(key) && value).map(([, value]) => String(value));
    const whispered = this.entries.filter((entry) => entry.type === "Text" && entry.visibility === "Agents" && !this.own(entry.from)).map((entry) => entry.text);
    return [...new Set([...attached, ...whispered])];
  }

  static isNote(key) {
    return NOTE_KEYS.test(key);
  }

  /** False only if the server listed what is possible and this is not in it. */
  can(capability) {
    return !this.over && (!this.capabilities || this.capabilities.includes(capability));
  }

  own(from = {}) {
    if (from.participantId && this.#ownIds.has(from.participantId)) return true;
    return kindOf(from) !== "customer" && from.nickname === this.#nickname;
  }

  /** Takes over what a notification or a listing says. What it leaves out stays as it was. */
  merge(picture) {
    if (picture.state === "Invited" && this.state !== "Invited") {
      this.offeredAt = Date.now();
      if (this.over) this.#again();
    }
    for (const key of ["state", "capabilities"]) if (picture[key]) this[key] = picture[key];
    if (picture.userData) this.data = picture.userData;
    if (picture.participants && (picture.participants.length > 0 || !this.live)) this.participants = picture.participants;
    for (const who of this.participants) {
      if (kindOf(who) === "bot") this.#bot = who;
      const reference = who.id ?? (who.path ?? who.uri ?? "").split("/").pop();
      if (reference && reference === this.#userId && who.participantId) this.#ownIds.add(who.participantId);
    }
    if (!this.live) {
      this.#typers.clear();
      if (this.state !== "Invited") this.outbox.giveUp("the chat is over");
    }
  }

  /** Entries from a notification or from the transcript; whatever is known already is left out. */
  take(messages, { history = false } = {}) {
    for (const message of [...messages].sort((a, b) => a.index - b.index)) {
      if (this.#entries.has(message.index)) continue;
      this.#entries.set(message.index, { ...message, at: message.timestampSeconds ?? Date.now() });
      this.#note(message, history || messages.length > 1);
    }
  }

  async read() {
    const answer = await this.#api.get(`/me/chats/${encodeURIComponent(this.id)}/messages`);
    this.take(answer.messages ?? [], { history: true });
    this.#changed();
  }

  /** What waits for another try is tried now. */
  wake() {
    if (this.outbox.busy) this.#pause.wake();
  }

  say(text, visibility) {
    this.#ownTyping = null;
    this.outbox.add(text, visibility);
  }

  /** Tells the customer (never anybody else) that a person is writing. */
  showTyping(on) {
    if (!this.live || this.outbox.busy || on === (this.#ownTyping !== null)) return;
    this.#ownTyping = on ? Date.now() : null;
    this.#api.operate(this.id, on ? "SendStartTypingNotification" : "SendStopTypingNotification").catch(() => {});
  }

  #note(message, history) {
    const own = this.own(message.from);
    const who = message.from?.participantId ?? message.from?.nickname;
    if (message.type === "TypingStarted" && !own && !history) {
      this.#typers.set(who, { from: message.from, text: message.text, until: Date.now() + TYPING_LASTS });
      return;
    }
    this.#typers.delete(who);
    if (message.type === "ParticipantJoined" && own && message.from?.participantId) this.#ownIds.add(message.from.participantId);
    if (message.type === "ParticipantLeft") this.participants = this.participants.filter((other) => other.participantId !== message.from?.participantId);
    if (message.type !== "Text") return;
    if (own) this.outbox.confirm(message);
    else if (!history && (!this.selected || document.hidden)) this.unread += 1;
  }

  // The same chat is offered once more: its transcript will come again.
  #again() {
    this.#entries.clear();
    this.#typers.clear();
    this.outbox.clear();
    Object.assign(this, { unread: 0, participants: [], capabilities: null });
  }
}
