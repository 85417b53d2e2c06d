// The desk without its page: who is signed in, the connection, the presence, the chats; and how they come back after a break.

import { Refused, Unknown } from "../wire.js";
import { Bayeux } from "./bayeux.js";
import { Chat } from "./chat.js";
import { peopleOf } from "./targets.js";

const CHANNELS = ["/v2/me/chats", "/v2/me/channels"];
const REMEMBERED = "attendant.desk";

export class Desk extends EventTarget {
  #api;
  #bayeux = null;
  #chats = new Map();
  #scheduled = false;
  #heartbeat = 0;
  #saidReady = 0;
  user = null;
  ready = false;
  wanted = false; // Ready as the person asked for it, whatever the server forgot meanwhile
  connection = "connecting";
  selected = null;

  constructor(api) {
    super();
    this.#api = api;
  }

  get name() {
    const full = [this.user?.firstName, this.user?.lastName].filter(Boolean).join(" ");
    return full || this.user?.userName || "";
  }

  get offers() {
    return [...this.#chats.values()].filter((chat) => chat.offered).sort((a, b) => a.offeredAt - b.offeredAt);
  }

  /** Chats on the desk: live ones, after-call work, and those that could not be joined. */
  get chats() {
    const open = (chat) => chat.state && !chat.offered && !chat.over;
    return [...this.#chats.values()].filter(open).sort((a, b) => a.arrived - b.arrived);
  }

  get chat() {
    return this.#chats.get(this.selected) ?? null;
  }

  get unread() {
    return this.chats.reduce((sum, chat) => sum + chat.unread, 0);
  }

  /** The person who had this desk before the page was loaded again, if any. */
  static remembered() {
    return JSON.parse(sessionStorage.getItem(REMEMBERED) ?? "null");
  }

  async signIn(user, password) {
    this.user = await this.#api.signIn(user, password);
    this.wanted = user === undefined ? (Desk.remembered()?.ready ?? false) : true;
    this.#remember();
    this.#bayeux = new Bayeux((messages, options) => this.#api.post("/notifications", messages, options), CHANNELS);
    this.#bayeux.addEventListener("state", ({ detail }) => this.#connected(detail));
    this.#bayeux.addEventListener("session", () => this.#resume());
    this.#bayeux.addEventListener("delivery", ({ detail }) => this.#deliver(detail));
    this.connection = "connecting";
    this.#bayeux.run();
    this.#changed();
  }

  async signOut() {
    const bayeux = this.#bayeux;
    this.#bayeux = null;
    sessionStorage.removeItem(REMEMBERED);
    await bayeux?.stop();
    await this.#api.post("/me", { operationName: "EndContactCenterSession" }).catch(() => {});
    this.#api.forget();
    this.#chats.clear();
    Object.assign(this, { user: null, ready: false, wanted: false, selected: null });
    this.#changed();
  }

  async setReady(on) {
    this.wanted = on;
    this.#saidReady = Date.now();
    this.#remember();
    await this.#api.post("/me", { operationName: on ? "Ready" : "NotReady" });
    this.ready = on;
    this.#changed();
  }

  select(id) {
    if (this.chat) this.chat.selected = false;
    this.selected = id;
    if (this.chat) Object.assign(this.chat, { selected: true, unread: 0 });
    this.#changed();
  }

  seen() {
    if (!this.chat || this.chat.unread === 0) return;
    this.chat.unread = 0;
    this.#changed();
  }

  accept(chat) {
    return this.#act(chat, "Accept", { nickname: this.name });
  }

  reject(chat) {
    return this.#act(chat, "Reject");
  }

  /** Ends the session for the customer, or leaves it to the others in it. */
  leave(chat) {
    return this.#act(chat, "Leave");
  }

  complete(chat) {
    return this.#act(chat, "Complete");
  }

  setDisposition(chat, disposition) {
    return this.#act(chat, "SetDisposition", { disposition });
  }

  /** Invite or Transfer, with a note that only agents see. */
  async pass(chat, operation, target, note) {
    if (note) await this.#act(chat, chat.can("UpdateUserData") ? "UpdateUserData" : "AttachUserData", { userData: { Note: note } });
    await this.#act(chat, operation, target);
  }

  /** Back to the assistant that had it, or to another one if that one is not free. */
  async giveBack(chat, note) {
    const { contacts } = await this.targets();
    const bots = peopleOf(contacts, this.user.userName).filter((one) => one.is === "bot" && one.free);
    const before = (chat.bot?.path ?? chat.bot?.uri ?? "").split("/").pop();
    const bot = bots.find((one) => one.key === before) ?? bots[0];
    if (!bot) throw new Refused(409, null, "no assistant is free now");
    await this.pass(chat, "Transfer", bot.parameters, note);
  }

  /** People, skills and queues that a chat can go to. What the server does not list is not offered. */
  async targets() {
    const [contacts, skills] = await Promise.all([
      this.#api.get("/contacts").catch(nothing),
      this.#api.get("/skills?fields=*").catch(nothing),
    ]);
    return { contacts: contacts.contacts ?? [], skills: skills.skills ?? [] };
  }

  async dispositions() {
    const answer = await this.#api.get("/groups?type=dispositions&fields=*").catch(nothing);
    const codes = (answer.groups ?? []).flatMap((group) => group.items ?? group.dispositions ?? []);
    return codes.map((code) => code.name ?? code.displayName).filter(Boolean);
  }

  wake() {
    this.#bayeux?.wake();
    for (const chat of this.#chats.values()) chat.wake();
  }

  /** The browser says that the network is gone. */
  interrupt() {
    this.#bayeux?.interrupt();
  }

  leaveInPassing() {
    if (this.user) this.#api.leaveInPassing(this.#bayeux?.goodbye);
  }

  async #act(chat, operation, parameters) {
    try {
      await this.#api.operate(chat.id, operation, parameters);
    } catch (error) {
      if (error instanceof Refused && (error.gone || error.code === 2 || error.code === 5)) await this.#resync().catch(() => {});
      throw error;
    }
  }

  #connected(state) {
    const before = this.connection;
    this.connection = state;
    // The session has lived through a break, but a notification may not have.
    if (before === "broken" && state === "connected") this.#resync().catch(() => {});
    if (state === "refused") this.#lostSession();
    this.#changed();
  }

  // A server that was started again does not know this session. With the password at hand, it is begun anew.
  async #lostSession() {
    const bayeux = this.#bayeux;
    try {
      await this.#api.me();
      if (bayeux === this.#bayeux) bayeux?.run();
    } catch (error) {
      if (error instanceof Unknown) {
        setTimeout(() => bayeux === this.#bayeux && this.#lostSession(), 2_000);
        return;
      }
      this.#bayeux = null;
      this.user = null;
      this.#chats.clear();
      this.#changed();
      this.dispatchEvent(new Event("signed-out"));
    }
  }

  // Subscribed, for the first time or again: be present, then read what was missed.
  async #resume() {
    const beat = ++this.#heartbeat;
    this.#saidReady = Date.now();
    try {
      await this.#api.post("/me", { operationName: "StartContactCenterSession", channels: ["chat"] }).catch(tolerated);
      if (this.wanted) await this.#api.post("/me", { operationName: "Ready" });
      this.ready = this.wanted;
      await this.#resync();
    } catch (error) {
      if (beat !== this.#heartbeat || !this.#bayeux) return;
      if (error instanceof Refused) this.#complain(error);
      setTimeout(() => beat === this.#heartbeat && this.#bayeux && this.#resume(), 2_000);
    }
    this.#changed();
  }

  async #resync() {
    const { chats = [] } = await this.#api.get("/me/chats?fields=*");
    const listed = new Set(chats.map((picture) => picture.id));
    for (const picture of chats) this.#chatFor(picture.id).merge(picture);
    for (const [id, chat] of this.#chats) {
      if (!listed.has(id) && !chat.over) this.#gone(chat);
    }
    const known = chats.filter((picture) => picture.state === "Chatting" || picture.state === "LeftChat");
    await Promise.all(known.map((picture) => this.#chatFor(picture.id).read()));
    this.#changed();
  }

  #deliver({ channel, data = {} }) {
    if (channel === "/v2/me/channels") this.#presence(data.channels ?? []);
    const type = data.messageType ?? data.messageTypeName;
    if (type === "ChatStateChangeMessage" && data.chat?.id) this.#stateChanged(data);
    if (type === "MessageLogUpdated") {
      const id = (data.chatPath ?? data.chatUri ?? "").split("/").pop();
      if (id) this.#chatFor(id).take(data.messages ?? []);
    }
    this.#changed();
  }

  #stateChanged({ notificationType, chat: picture, errorMessage, statusMessage }) {
    const chat = this.#chatFor(picture.id);
    const before = chat.state;
    chat.merge(picture);
    if (notificationType === "Error") this.#complain(new Error(errorMessage ?? statusMessage ?? "the platform could not do that"));
    if (picture.state === "Chatting" && before === "Invited" && (!this.chat || !this.chat.live)) this.select(picture.id);
    if (chat.over) this.#gone(chat, before);
  }

  #presence(channels) {
    const chat = channels.find((entry) => entry.channel === "chat") ?? channels[0];
    const state = chat?.userState?.state;
    if (!state) return;
    this.ready = state === "Ready";
    // An offer that ran out can make the platform take the readiness away. What comes right after our own word is its echo.
    if (state === "NotReady" && this.wanted && Date.now() - this.#saidReady > 3_000) {
      this.wanted = false;
      this.#remember();
    }
  }

  #gone(chat, before = chat.state) {
    chat.merge({ state: chat.over ? chat.state : "Completed", capabilities: [] });
    if (before === "Invited" && chat.state === "Revoked") this.dispatchEvent(new CustomEvent("missed", { detail: chat }));
    this.#chats.delete(chat.id);
    if (this.selected === chat.id) this.select(this.chats[0]?.id ?? null);
  }

  #chatFor(id) {
    let chat = this.#chats.get(id);
    if (!chat) {
      chat = new Chat(id, { api: this.#api, changed: () => this.#changed(), nickname: this.name, userId: this.user?.id });
      this.#chats.set(id, chat);
    }
    return chat;
  }

  #remember() {
    sessionStorage.setItem(REMEMBERED, JSON.stringify({ user: this.user.userName, ready: this.wanted }));
  }

  #complain(error) {
    this.dispatchEvent(new CustomEvent("trouble", { detail: error.message }));
  }

  // Many notifications in one answer are one change.
  #changed() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.dispatchEvent(new Event("change"));
    });
  }
}

const nothing = () => ({});

// A session that is running already is as good as one that was started. One that was started without chat (code 7) is not.
function tolerated(error) {
  if (!(error instanceof Refused) || ![2, 18].includes(error.code)) throw error;
}
