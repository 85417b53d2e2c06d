// A small CometD client: long-polling, one session, one outstanding connect, advice obeyed, a new handshake when the session is lost.
//
// Events: `state` (detail: connecting | connected | broken | refused), `session` (subscribed anew: read the state again),
// `delivery` (detail: the message, with `channel` and `data`).

import { Backoff, Pause } from "../pause.js";
import { Refused } from "../wire.js";

const NETWORK_DELAY = 10_000;

export class Bayeux extends EventTarget {
  #post;
  #channels;
  #stop = new AbortController();
  #pause = new Pause();
  #backoff = new Backoff(500, 15_000);
  #id = 0;
  #client = null;
  #advice = {};
  #ack = null;
  #held = null;
  #worked = false; // this session had a connect that succeeded
  #probe = true; // the next connect asks for an answer at once
  state = "connecting";

  /** `post(messages, { timeout, signal })` sends a batch and gives the array of replies. */
  constructor(post, channels) {
    super();
    this.#post = post;
    this.#channels = channels;
  }

  /** Runs until `stop` or until the server says that it does not want this client. */
  async run() {
    while (!this.#stop.signal.aborted) {
      try {
        if (this.#client === null) await this.#open();
        await this.#connect();
        this.#backoff.reset();
        if (this.#advice.interval > 0) await this.#pause.wait(this.#advice.interval);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        if (error instanceof Denied || (error instanceof Refused && error.unauthenticated)) {
          this.#client = null;
          this.#tell("refused");
          return;
        }
        this.#probe = true;
        this.#tell("broken");
        // A session that had worked is begun anew at once; whatever else fails waits, so that nothing turns into a storm.
        if (!(error instanceof Lost && error.worked)) await this.#pause.wait(Math.max(this.#backoff.next(), this.#advice.interval ?? 0));
      }
    }
  }

  /** The network may be back: do not wait any longer. */
  wake() {
    this.#pause.wake();
  }

  /** The message that ends the session, for a page that is being closed. */
  get goodbye() {
    return this.#client === null ? null : this.#message("/meta/disconnect");
  }

  /** The network is gone: what is held will never be answered. */
  interrupt() {
    this.#held?.abort();
  }

  async stop() {
    this.#stop.abort();
    this.#pause.wake();
    if (this.#client === null) return;
    const { goodbye } = this;
    this.#client = null;
    await this.#post([goodbye], { timeout: 2_000 }).catch(() => {});
  }

  async #open() {
    if (this.state !== "connecting") this.#tell("broken");
    this.#ack = null;
    const shake = { ...this.#message("/meta/handshake"), version: "1.0", minimumVersion: "1.0", supportedConnectionTypes: ["long-polling"], ext: { ack: true } };
    const [reply] = await this.#send([shake], shake);
    if (!reply.successful || !reply.clientId) {
      if (reply.advice?.reconnect === "none") throw new Denied();
      throw new Error("handshake refused");
    }
    this.#client = reply.clientId;
    this.#worked = false;
    if (reply.ext?.ack === true || reply.ext?.ack?.enabled) this.#ack = -1;
    await this.#subscribe().catch((error) => {
      this.#client = null; // a session without subscriptions is worth nothing
      throw error;
    });
    this.#probe = true;
    this.dispatchEvent(new Event("session"));
  }

  async #subscribe() {
    const subscriptions = this.#channels.map((subscription) => ({ ...this.#message("/meta/subscribe"), subscription }));
    const answers = await this.#send(subscriptions, ...subscriptions);
    if (answers.some((answer) => !answer.successful)) throw new Error("subscription refused");
  }

  async #connect() {
    const connect = { ...this.#message("/meta/connect"), connectionType: "long-polling" };
    if (this.#ack !== null) connect.ext = { ack: Math.max(this.#ack, 0) };
    if (this.#probe) connect.advice = { timeout: 0 };
    const held = this.#probe ? 0 : (this.#advice.timeout ?? 60_000);
    this.#held = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, this.#held.signal]);
    const [reply] = await this.#send([connect], connect, { timeout: held + NETWORK_DELAY, signal });
    if (typeof reply.ext?.ack === "number") this.#ack = reply.ext.ack;
    if (reply.successful) {
      this.#probe = false;
      this.#worked = true;
      this.#tell("connected");
      if (this.#advice.reconnect === "none") throw new Denied();
      if (this.#advice.reconnect === "handshake") this.#forget();
      return;
    }
    const way = reply.advice?.reconnect ?? (String(reply.error).startsWith("402") ? "handshake" : "retry");
    if (way === "none") throw new Denied();
    if (way === "handshake") this.#forget();
    throw new Error(reply.error ?? "connect failed");
  }

  #forget() {
    this.#client = null;
    throw new Lost(this.#worked);
  }

  // Sends a batch; hands over deliveries in the order of the array; gives the replies to `asked`, or fails if one is missing.
  async #send(batch, ...rest) {
    const options = rest.at(-1)?.channel ? {} : rest.pop();
    const replies = await this.#post(batch, { signal: this.#stop.signal, ...options });
    const answers = new Map();
    for (const message of replies) {
      if (message.advice) this.#advice = { ...message.advice };
      if ("data" in message) this.dispatchEvent(new CustomEvent("delivery", { detail: message }));
      else if (message.id !== undefined) answers.set(`${message.channel} ${message.id}`, message);
    }
    return rest.map((message) => {
      const answer = answers.get(`${message.channel} ${message.id}`);
      if (!answer) throw new Error(`no reply to ${message.channel}`);
      return answer;
    });
  }

  #message(channel) {
    this.#id += 1;
    return { id: String(this.#id), channel, ...(this.#client ? { clientId: this.#client } : {}) };
  }

  #tell(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}

class Lost extends Error {
  constructor(worked) {
    super("the session is lost");
    this.worked = worked;
  }
}

class Denied extends Error {}
