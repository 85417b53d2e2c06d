// Own lines on their way: one at a time, in order, never lost and never doubled.
//
// The wire has no message id. A line whose answer was lost is therefore settled by reading the transcript: own lines are
// there in the order they were sent, so the first unconfirmed line with the same words is the one that arrived.
// Out of reach of a page: a browser repeats a request by itself when a used connection is cut before the answer begins.

import { Backoff } from "./pause.js";
import { Refused } from "./wire.js";

const MOST_TRIES = 6;

export class Outbox {
  #items = [];
  #next = 1;
  #running = false;

  /**
   * `send(item)` performs the operation; `settle()` reads the whole transcript and calls `confirm` for own lines;
   * `changed()` is told of every change; `pause` is what a failed try waits on.
   */
  constructor({ send, settle, changed, pause }) {
    Object.assign(this, { send, settle, changed, pause });
  }

  get items() {
    return this.#items;
  }

  get busy() {
    return this.#items.some((item) => item.state === "waiting" || item.state === "sending");
  }

  add(text, visibility = "All") {
    this.#items.push({ id: this.#next++, text, visibility, state: "waiting", at: Date.now(), tries: 0 });
    this.changed();
    this.#run();
  }

  retry(id) {
    const item = this.#items.find((candidate) => candidate.id === id);
    if (item?.state !== "failed") return;
    Object.assign(item, { state: "waiting", why: undefined, tries: 0 });
    this.changed();
    this.#run();
  }

  /** An own line of the transcript. True when it is one of ours that was not confirmed yet. */
  confirm(entry) {
    if (this.#items.some((item) => item.index === entry.index)) return true;
    const same = (item) => !item.index && item.tries > 0 && item.text.trim() === (entry.text ?? "").trim() && item.visibility === (entry.visibility ?? "All");
    const item = this.#items.find(same);
    if (!item) return false;
    Object.assign(item, { index: entry.index, state: "delivered", why: undefined });
    return true;
  }

  /** What is still waiting can never be sent. */
  giveUp(why) {
    for (const item of this.#items) {
      if (item.state === "waiting" || item.state === "sending") Object.assign(item, { state: "failed", why });
    }
    this.changed();
  }

  clear() {
    this.#items = [];
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    const backoff = new Backoff();
    try {
      let item;
      while ((item = this.#items.find((candidate) => candidate.state === "waiting"))) {
        if (item.tries > 0 && !(await this.#settled(item, backoff))) continue;
        item.state = "sending";
        item.tries += 1;
        this.changed();
        try {
          await this.send(item);
          if (item.state === "sending") item.state = "sent";
          backoff.reset();
        } catch (error) {
          this.#failed(item, error);
          if (item.state === "waiting") await this.pause.wait(backoff.next());
        }
        this.changed();
      }
    } finally {
      this.#running = false;
    }
  }

  // After a try without an answer: true when the transcript could be read and the line is not in it.
  async #settled(item, backoff) {
    try {
      await this.settle();
      return item.state === "waiting";
    } catch (error) {
      if (error instanceof Refused && error.gone) this.giveUp("the chat is over");
      else await this.pause.wait(backoff.next());
      return false;
    }
  }

  #failed(item, error) {
    if (item.state !== "sending") return; // its echo came while the answer was lost
    const again = !(error instanceof Refused) || error.status >= 500 || error.code === 4 || error.code === 9;
    if (again && item.tries < MOST_TRIES) item.state = "waiting";
    else Object.assign(item, { state: "failed", why: again ? "the server does not answer" : error.message });
  }
}
