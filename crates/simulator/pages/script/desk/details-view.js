// The right side: the note, who is in the chat, the attached data, the result.

import { el, find, icon, keyed, linked } from "../dom.js";
import { initials, KIND_WORDS, kindOf } from "../people.js";
import { Chat } from "./chat.js";

const LABELS = {
  Subject: "Subject",
  FirstName: "First name",
  LastName: "Last name",
  FullName: "Name",
  EmailAddress: "E-mail",
  PhoneNumber: "Phone",
  CustomerSegment: "Segment",
  DispositionCode: "Result",
};
// What routing and the servers write for themselves.
const TECHNICAL = /^(?:R[A-Z]|BotTrail|Chat(?:Server|Session)|IW_|LCA_|LastCalledAgent|Peg|_|Service(?:Type|Objective)|ContactId|Identify|TimeZone|Priority|max-handle|IdentifyCreate)/u;
const RESULTS = ["Answered", "Passed on", "Call back agreed", "Not for us", "No answer from the customer"];

export class DetailsView {
  #desk;
  #results = RESULTS;
  #shown = null;

  constructor(desk, { act }) {
    this.#desk = desk;
    find("#disposition-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const { chat } = desk;
      const result = find("#disposition").value;
      if (!chat || !result) return;
      act(desk.setDisposition(chat, result).then(() => (find("#disposition-note").textContent = "Saved.")));
    });
  }

  async load() {
    const known = await this.#desk.dispositions();
    if (known.length > 0) this.#results = known;
    this.#shown = null;
    this.show();
  }

  show() {
    const { chat } = this.#desk;
    find("#details").hidden = !chat;
    if (!chat) {
      this.#shown = null;
      return;
    }
    if (this.#shown !== chat.id) this.#swap(chat);
    this.#notes(chat);
    this.#people(chat);
    this.#data(chat);
    find("#disposition-form").hidden = !chat.can("SetDisposition");
  }

  #swap(chat) {
    this.#shown = chat.id;
    const set = chat.data.DispositionCode ?? "";
    const results = set && !this.#results.includes(set) ? [set, ...this.#results] : this.#results;
    const choices = results.map((result) => el("option", { value: result, selected: result === set }, readable(result)));
    find("#disposition").replaceChildren(el("option", { value: "" }, "Choose a result"), ...choices);
    find("#disposition-note").textContent = "";
  }

  #notes(chat) {
    const { notes } = chat;
    find("#note").hidden = notes.length === 0;
    const words = notes.join("\n");
    if (find("#note-words").dataset.words === words) return;
    find("#note-words").dataset.words = words;
    find("#note-words").replaceChildren(...notes.map((note) => el("p", {}, ...linked(note))));
  }

  #people(chat) {
    const people = chat.participants.length > 0 ? chat.participants : [{ type: "Customer", nickname: chat.customer, participantId: "customer" }];
    const words = (who) => (chat.own(who) ? "you" : KIND_WORDS[kindOf(who)]) + (who.visibility === "Agents" ? ", hidden from the customer" : "");
    keyed(find("#people"), people, (who) => who.participantId, (who) => {
      const kind = chat.own(who) ? "me" : kindOf(who);
      return el(
        "li",
        {},
        el("span", { className: `avatar ${kind}`, "aria-hidden": "true" }, kind === "bot" ? icon("bot") : initials(who.nickname)),
        el("span", {}, who.nickname, el("small", {}, words(who))),
      );
    });
  }

  #data(chat) {
    const pairs = Object.entries(chat.data).filter(([key, value]) => value !== null && value !== "" && !Chat.isNote(key));
    const plain = pairs.filter(([key]) => !TECHNICAL.test(key));
    const technical = pairs.filter(([key]) => TECHNICAL.test(key));
    const order = Object.keys(LABELS);
    const place = ([key]) => (order.includes(key) ? order.indexOf(key) : order.length);
    plain.sort((a, b) => place(a) - place(b));
    this.#list(find("#data"), plain, "None.");
    this.#list(find("#technical-data"), technical, "");
    find("#technical").hidden = technical.length === 0;
  }

  #list(root, pairs, none) {
    const words = JSON.stringify(pairs);
    if (root.dataset.words === words) return;
    root.dataset.words = words;
    root.replaceChildren(...pairs.flatMap(([key, value]) => [el("dt", {}, LABELS[key] ?? key), el("dd", {}, ...linked(String(value)))]));
    if (pairs.length === 0 && none) root.append(el("dd", { className: "soft" }, none));
  }
}

// "handed-over" is a code; "Handed over" is for people.
function readable(code) {
  const words = code.replaceAll(/[-_]+/gu, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
