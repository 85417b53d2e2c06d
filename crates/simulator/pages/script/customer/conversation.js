// One chat as the customer's page knows it: asks for it, follows its transcript, sends lines, notices its end. No DOM here.

import { Outbox } from "../outbox.js";
import { Backoff, Pause } from "../pause.js";
import { kindOf } from "../people.js";
import { Refused } from "../wire.js";

const OVER = new Set(["Completed", "Ended", "Closed", "Removed"]);
const STATE_EVERY = 8_000;
const STATE_EVERY_WHILE_WAITING = 2_500;
const TYPING_LASTS = 20_000;

export class Conversation extends EventTarget {
  #api;
  #id = null;
  #entries = new Map();
  #run = 0; // which polling loop is the living one
  #pause = new Pause();
  #sendPause = new Pause();
  #typers = new Map();
  #lively = 0;
  #ownTyping = false;
  #lastStateLook = 0;
  state = "idle"; // idle | starting | open | over
  connected = true;
  why = null;
  people = [];
  place = null; // in the queue, where the server tells it
  #remembering = false; // what is read first after a reload was said before: nobody knows when

  constructor(api) {
    super();
    this.#api = api;
    this.outbox = new Outbox({
      send: (item) => this.#send(item),
      settle: () => this.#read(0),
      changed: () => this.#changed(),
      pause: this.#sendPause,
    });
  }

  get id() {
    return this.#id;
  }

  get entries() {
    return [...this.#entries.values()].sort((a, b) => a.index - b.index);
  }

  /** Who was the last to go out of those who looked after the customer, while nobody is there. */
  get leftBy() {
    if (this.people.length > 0) return null;
    return this.entries.findLast((entry) => entry.type === "ParticipantLeft" && kindOf(entry.from) !== "customer")?.from ?? null;
  }

  /** Those who are writing now, besides the customer. */
  get typing() {
    const now = Date.now();
    return [...this.#typers.values()].filter((typer) => typer.until > now).map((typer) => typer.from);
  }

  async start(details) {
    this.#reset("starting");
    try {
      const id = await this.#api.request(details);
      this.#open(id);
    } catch (error) {
      this.#reset("idle");
      throw error;
    }
  }

  /** Goes on with a chat that this browser tab had before it was loaded again. */
  resume(id) {
    this.#reset("starting");
    this.#remembering = true;
    this.#open(id);
  }

  say(text) {
    this.#ownTyping = false;
    this.outbox.add(text);
  }

  /** Tells the others that the customer is writing, or no longer is. Never matters enough to be tried again. */
  showTyping(on) {
    if (this.state !== "open" || this.outbox.busy || on === this.#ownTyping) return;
    this.#ownTyping = on;
    this.#api.operate(this.#id, on ? "SendStartTypingNotification" : "SendStopTypingNotification").catch(() => {});
  }

  async end() {
    try {
      await this.#api.operate(this.#id, "Complete");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
    this.#over("You ended this chat.");
  }

  /** Looks at once: the page is seen again, or the network is back. */
  wake() {
    this.#pause.wake();
    this.#sendPause.wake();
  }

  #open(id) {
    this.#id = id;
    this.state = "open";
    this.#changed();
    this.#follow(++this.#run);
  }

  #reset(state) {
    this.#run += 1;
    this.#remembering = false;
    this.#entries.clear();
    this.#typers.clear();
    this.outbox.clear();
    Object.assign(this, { state, connected: true, why: null, people: [], place: null });
    this.#id = null;
    this.#changed();
  }

  async #follow(run) {
    const backoff = new Backoff(400, 8_000);
    while (run === this.#run && this.state === "open") {
      let wait;
      try {
        await this.#read(this.connected ? this.#nextIndex() : 0);
        if (run !== this.#run) return;
        if (Date.now() - this.#lastStateLook > (this.people.length > 0 ? STATE_EVERY : STATE_EVERY_WHILE_WAITING)) await this.#look();
        this.#setConnected(true);
        backoff.reset();
        wait = this.#interval();
      } catch (error) {
        if (run !== this.#run) return;
        if (error instanceof Refused && (error.gone || error.status === 403)) {
          this.#over("This chat is not there any more. You are welcome to start a new one.");
          return;
        }
        this.#setConnected(false);
        wait = backoff.next();
      }
      await this.#pause.wait(wait);
    }
  }

  // Fast while something is going on, slow while nothing is, slower still when nobody looks.
  #interval() {
    if (document.hidden) return 4_000;
    if (this.outbox.busy || this.typing.length > 0) return 350;
    const quiet = Date.now() - this.#lively;
    if (quiet < 15_000) return 500;
    return quiet < 60_000 ? 1_200 : 2_500;
  }

  #nextIndex() {
    let last = 0;
    for (const index of this.#entries.keys()) last = Math.max(last, index);
    return last === 0 ? 0 : last + 1;
  }

  async #read(from) {
    const id = this.#id;
    const messages = await this.#api.messages(id, from);
    if (id !== this.#id) return;
    let news = false;
    let look = false;
    for (const message of messages.sort((a, b) => a.index - b.index)) {
      if (this.#entries.has(message.index)) continue;
      news = true;
      this.#entries.set(message.index, { ...message, at: message.timestampSeconds ?? (this.#remembering ? null : Date.now()) });
      look = this.#take(message) || look;
    }
    this.#remembering = false;
    if (!news) return;
    this.#lively = Date.now();
    this.#changed();
    if (look) await this.#look();
  }

  // True when the entry may have changed more than the transcript.
  #take(message) {
    const own = kindOf(message.from) === "customer";
    const who = message.from?.participantId ?? message.from?.nickname;
    switch (message.type) {
      case "TypingStarted":
        if (!own) this.#typers.set(who, { from: message.from, until: Date.now() + TYPING_LASTS });
        return false;
      case "Text":
        if (own) this.outbox.confirm(message);
        this.#typers.delete(who);
        return false;
      case "TypingStopped":
        this.#typers.delete(who);
        return false;
      case "ParticipantJoined":
      case "ParticipantRejoined":
        if (!own) this.people = [...this.people.filter((person) => person.participantId !== message.from.participantId), message.from];
        return false;
      case "ParticipantLeft":
        this.people = this.people.filter((person) => person.participantId !== message.from?.participantId);
        this.#typers.delete(who);
        return true;
      default:
        return false;
    }
  }

  async #look() {
    const id = this.#id;
    this.#lastStateLook = Date.now();
    const chat = await this.#api.chat(id);
    if (id !== this.#id) return;
    const place = chat.positionInQueue ?? null;
    if (place !== this.place) {
      this.place = place;
      this.#changed();
    }
    const mute = Array.isArray(chat.capabilities) && !chat.capabilities.includes("SendMessage");
    if (OVER.has(chat.state) || (mute && chat.state !== "WaitingForAgent")) this.#over("This chat has ended.");
  }

  async #send(item) {
    try {
      await this.#api.operate(this.#id, "SendMessage", { text: item.text });
      this.#lively = Date.now();
      this.#setConnected(true);
    } catch (error) {
      if (error instanceof Refused && (error.gone || error.code === 2)) this.#lastStateLook = 0;
      if (!(error instanceof Refused)) this.#setConnected(false);
      throw error;
    } finally {
      this.#pause.wake();
    }
  }

  #setConnected(connected) {
    if (connected === this.connected) return;
    this.connected = connected;
    if (connected) this.wake();
    this.#changed();
  }

  #over(why) {
    if (this.state === "over") return;
    this.#run += 1;
    Object.assign(this, { state: "over", why, connected: true });
    this.#typers.clear();
    this.outbox.giveUp("the chat is over");
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
