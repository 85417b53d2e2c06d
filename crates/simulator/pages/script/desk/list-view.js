// The left side: who I am, whether I am ready, what is offered to me, and my chats.

import { el, find, icon, keyed } from "../dom.js";
import { initials, kindOf } from "../people.js";

const OFFER_LASTS = 30_000; // how long a platform waits for Accept unless it is told otherwise
const CONNECTION = {
  connecting: ["warn", "Connecting"],
  connected: ["good", "Connected"],
  broken: ["warn", "Reconnecting"],
  refused: ["bad", "Signing in again"],
};
const AFTER = { LeftChat: "to be completed", JoinFailed: "could not be joined" };

export class ListView {
  #desk;
  #act;

  /** `act(promise)` shows what goes wrong. `open(chat)` shows a chat. */
  constructor(desk, { act, open }) {
    this.#desk = desk;
    this.#act = act;
    this.open = open;
    find("#ready").addEventListener("click", () => act(desk.setReady(!desk.ready)));
    setInterval(() => this.#count(), 500);
  }

  show() {
    const desk = this.#desk;
    find("#me-name").textContent = desk.name;
    find("#me-avatar").textContent = initials(desk.name);
    const [tone, words] = CONNECTION[desk.connection];
    const connection = find("#connection");
    if (connection.textContent !== words) connection.textContent = words;
    connection.className = `connection ${tone}`;
    find("#ready").setAttribute("aria-checked", String(desk.ready));
    find("#ready-words").textContent = desk.ready ? "Ready" : "Not ready";
    this.#offers(desk.offers);
    this.#chats(desk.chats);
  }

  #offers(offers) {
    find("#offers-part").hidden = offers.length === 0;
    keyed(find("#offers"), offers, (chat) => chat.id, (chat) => this.#offer(chat));
    this.#count();
  }

  #offer(chat) {
    const accept = el("button", { className: "button small primary", type: "button" }, "Accept");
    const reject = el("button", { className: "button small", type: "button" }, "Decline");
    accept.addEventListener("click", () => this.#act(this.#desk.accept(chat)));
    reject.addEventListener("click", () => this.#act(this.#desk.reject(chat)));
    const note = chat.notes[0];
    return el(
      "li",
      { className: "offer" },
      el("div", { className: "row" }, el("h3", { className: "grow" }, chat.customer), el("span", { className: "left", role: "timer" })),
      el("p", {}, note ?? chat.data.Subject ?? "A customer asks for a person"),
      el("div", { className: "row" }, accept, reject),
      el("div", { className: "bar", "aria-hidden": "true" }, el("i")),
    );
  }

  #count() {
    for (const node of find("#offers").children) {
      const chat = this.#desk.offers.find((offer) => offer.id === node.dataset.key);
      if (!chat) continue;
      const rest = Math.max(0, chat.offeredAt + OFFER_LASTS - Date.now());
      const left = node.querySelector(".left");
      left.textContent = `${Math.ceil(rest / 1000)} s`;
      left.classList.toggle("soon", rest < 10_000);
      node.querySelector(".bar i").style.setProperty("--rest", String(rest / OFFER_LASTS));
    }
  }

  #chats(chats) {
    const desk = this.#desk;
    const none = find("#no-chats");
    none.hidden = chats.length > 0;
    none.textContent = desk.ready ? "None at the moment. New ones are offered to you here." : "None. Switch to ready to be offered chats.";
    keyed(find("#chats"), chats, (chat) => chat.id, (chat) => this.#item(chat), (node, chat) => this.#update(node, chat));
  }

  #item(chat) {
    const button = el(
      "button",
      { className: "chat-item", type: "button" },
      el("span", { className: "avatar customer", "aria-hidden": "true" }, initials(chat.customer)),
      el("b"),
      el("span", { className: "mark-place" }),
      el("span", { className: "last" }),
    );
    button.addEventListener("click", () => this.open(chat));
    return el("li", {}, button);
  }

  #update(node, chat) {
    const button = node.firstElementChild;
    if (this.#desk.selected === chat.id) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    button.querySelector("b").textContent = chat.customer;
    const last = chat.lastText;
    const typing = chat.typing.length > 0;
    const who = last && kindOf(last.from) !== "customer" ? `${chat.own(last.from) ? "You" : last.from.nickname}: ` : "";
    button.querySelector(".last").textContent = typing ? "Typing …" : AFTER[chat.state] ? `Chat ended, ${AFTER[chat.state]}` : last ? who + last.text : (chat.data.Subject ?? "");
    const place = button.querySelector(".mark-place");
    const mark = chat.unread > 0 ? String(chat.unread) : AFTER[chat.state] ? "done" : "";
    if (place.dataset.mark === mark) return;
    place.dataset.mark = mark;
    place.replaceChildren();
    if (chat.unread > 0) place.append(el("span", { className: "unread" }, mark, el("span", { className: "visually-hidden" }, " unread")));
    else if (mark) place.append(icon("done"));
  }
}
