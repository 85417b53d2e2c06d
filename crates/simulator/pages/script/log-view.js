// The conversation on the page: lines in the order of the transcript, grouped by speaker, unconfirmed own lines at the end.

import { clock, el, icon, link, linked } from "./dom.js";
import { described, initials, KIND_WORDS, kindOf } from "./people.js";

const DELIVERY = {
  waiting: ["clock", "Waiting for the connection"],
  sending: ["clock", "Sending"],
  sent: ["check", "Sent"],
  delivered: ["checks", "Delivered"],
  failed: ["alert", "Not sent"],
};

export class LogView {
  #root;
  #options;
  #nodes = new Map(); // key -> { node, order, group }
  #onStick;
  #away = false;

  /** `options.own(from)` tells own lines; `options.onAway(bool)` hears when new lines are below the edge. */
  constructor(root, options) {
    this.#root = root;
    this.#options = options;
    this.#onStick = options.onAway ?? (() => {});
    root.addEventListener("scroll", () => {
      if (this.#atEnd()) this.#setAway(false);
    });
    new ResizeObserver(() => !this.#away && this.toEnd()).observe(root);
  }

  clear() {
    this.#nodes.clear();
    this.#root.replaceChildren();
    this.#setAway(false);
  }

  /** Shows what is new. `quietly` keeps a whole history from being read aloud. */
  show({ entries, outbox = [] }, { quietly = false } = {}) {
    const stick = this.#atEnd() || quietly;
    let added = false;
    if (quietly) this.#root.setAttribute("aria-busy", "true");
    const keys = new Set();
    const been = new Set();
    const confirmed = new Map(outbox.filter((item) => item.index).map((item) => [item.index, item]));
    for (const entry of entries) {
      const item = confirmed.get(entry.index);
      const key = item ? `own-${item.id}` : `entry-${entry.index}`;
      keys.add(key);
      const again = entry.type === "ParticipantJoined" && been.has(entry.from?.nickname);
      if (entry.type === "ParticipantLeft") been.add(entry.from?.nickname);
      added = this.#place(key, entry.index, () => this.#lineFor(entry, item, again), item) || added;
    }
    for (const item of outbox) {
      if (item.index) continue;
      const key = `own-${item.id}`;
      keys.add(key);
      added = this.#place(key, Number.MAX_SAFE_INTEGER - 100_000 + item.id, () => this.#ownLine(item), item) || added;
    }
    for (const [key, { node }] of this.#nodes) {
      if (keys.has(key)) continue;
      node.remove();
      this.#nodes.delete(key);
    }
    this.#group();
    if (stick) this.toEnd();
    else if (added) this.#setAway(true);
    if (quietly) requestAnimationFrame(() => this.#root.removeAttribute("aria-busy"));
  }

  toEnd() {
    this.#root.scrollTop = this.#root.scrollHeight;
    this.#setAway(false);
  }

  #atEnd() {
    return this.#root.scrollHeight - this.#root.scrollTop - this.#root.clientHeight < 48;
  }

  #setAway(away) {
    if (away === this.#away) return;
    this.#away = away;
    this.#onStick(away);
  }

  #place(key, order, make, item) {
    let held = this.#nodes.get(key);
    const fresh = !held;
    if (fresh) {
      const node = make();
      if (!node) return false;
      held = { node, order: -1 };
      this.#nodes.set(key, held);
    }
    if (held.order !== order) {
      held.order = order;
      held.node.order = order;
      let before = this.#root.lastElementChild;
      while (before && (before === held.node || before.order > order)) before = before.previousElementSibling;
      if (before) before.after(held.node);
      else this.#root.prepend(held.node);
    }
    if (item) this.#delivery(held.node, item);
    return fresh;
  }

  #lineFor(entry, item, again = false) {
    if (item) return this.#ownLine(item, entry);
    const name = entry.from?.nickname || "Somebody";
    switch (entry.type) {
      case "Text":
        return this.#line(entry, linked(entry.text ?? ""));
      case "PushUrl":
        return this.#line(entry, [link(entry.url ?? entry.text ?? "", entry.url ?? entry.text ?? "")]);
      case "ParticipantJoined":
      case "ParticipantRejoined":
        if (this.#options.own(entry.from) && entry.index === 1) return null;
        if (this.#options.own(entry.from)) return this.#event(again ? "You are back" : "You joined", entry);
        return this.#event(`${described(entry.from)} ${again ? "is back" : "joined"}`, entry);
      case "ParticipantLeft":
        return this.#event(this.#options.own(entry.from) ? "You left" : `${name} left`, entry);
      case "Notice":
        return entry.text ? this.#event(entry.text, entry) : null;
      case "CustomNotice":
      case "NicknameUpdated":
        return entry.noticeText ? this.#event(entry.noticeText, entry) : null;
      default:
        return null;
    }
  }

  #event(words, entry) {
    const node = el("p", { className: "event" }, words);
    node.speaker = `event-${entry.index}`;
    return node;
  }

  #line(entry, content) {
    const own = this.#options.own(entry.from);
    const kind = kindOf(entry.from);
    const note = entry.visibility === "Agents";
    const name = own ? "You" : entry.from?.nickname || "Somebody";
    const node = el(
      "div",
      { className: ["line", own ? "own" : kind, note ? "agents-only" : ""].join(" ").trim() },
      el("span", { className: `avatar ${own ? "me" : kind}`, "aria-hidden": "true" }, kind === "bot" ? icon("bot") : initials(name)),
      el(
        "p",
        { className: "who" },
        el("b", {}, name),
        !own && described(entry.from) !== name ? badge("bot") : null,
        !own && kind === "person" ? badge("person") : null,
        note ? el("span", { className: "badge note" }, icon("lock"), "agents only") : null,
        entry.at ? el("time", {}, clock(entry.at)) : null,
      ),
      el("div", { className: "text", dir: "auto" }, ...content),
    );
    node.speaker = `${entry.from?.participantId ?? name}-${note}`;
    node.at = entry.at;
    return node;
  }

  #ownLine(item, entry) {
    const node = this.#line(
      { from: this.#options.me(), at: entry ? entry.at : item.at, visibility: item.visibility },
      linked(item.text),
    );
    node.classList.remove("customer", "person", "bot");
    node.classList.add("own");
    node.append(el("p", { className: "delivery", "aria-live": "off" })); // read aloud only when it failed
    return node;
  }

  #delivery(node, item) {
    if (node.state === item.state) return;
    node.state = item.state;
    const [name, words] = DELIVERY[item.state];
    const place = node.querySelector(".delivery");
    if (!place) return;
    place.className = `delivery ${item.state}`;
    place.replaceChildren(icon(name), item.why ? `${words}: ${item.why}` : [words, clock(node.at)].filter(Boolean).join(" · "));
    place.setAttribute("aria-live", item.state === "failed" ? "assertive" : "off");
    if (item.state === "failed") {
      const again = el("button", { className: "button small", type: "button" }, "Try again");
      again.addEventListener("click", () => this.#options.onRetry(item.id));
      place.append(again);
    }
  }

  // The first line of a group carries the name, the last one the picture.
  #group() {
    let previous = null;
    for (const node of this.#root.children) {
      const same = previous && previous.speaker === node.speaker && Math.abs((node.at ?? 0) - (previous.at ?? 0)) < 300_000;
      node.classList.toggle("first", !same);
      if (previous) previous.classList.toggle("last", !same);
      previous = node;
    }
    previous?.classList.add("last");
    const own = this.#root.querySelectorAll(".line.own");
    own.forEach((node, at) => node.classList.toggle("latest-own", at === own.length - 1));
  }
}

function badge(kind) {
  return el("span", { className: `badge ${kind}` }, KIND_WORDS[kind]);
}
