// Questions in between: to whom, are you sure, which keys.

import { el, find, icon, keyed } from "../dom.js";
import { initials } from "../people.js";
import { sorted } from "./targets.js";

/** Asks yes or no. With `note` there is room for one, and yes is what was written, or an empty text. */
export function confirm({ title, words, yes, danger = false, note = false }) {
  const dialog = find("#confirm-dialog");
  find("#confirm-field").hidden = !note;
  find("#confirm-note").value = "";
  find("#confirm-title").textContent = title;
  find("#confirm-words").textContent = words;
  const button = find("#confirm-yes");
  button.textContent = yes;
  button.className = danger ? "button danger" : "button primary";
  return closed(dialog, () => (dialog.returnValue !== "yes" ? (note ? null : false) : note ? find("#confirm-note").value.trim() : true));
}

/** Asks to whom. Gives `{ parameters, note, name }`, or null. `only` limits the kinds (`User`, `Queue`, `Skill`). */
export async function chooseTarget({ title, load, only, self }) {
  const dialog = find("#target-dialog");
  const search = find("#target-search");
  let all = null;
  let chosen = null;
  find("#target-title").textContent = title;
  search.value = "";
  find("#target-note").value = "";
  const list = () => {
    const root = find("#targets");
    if (!all) {
      root.replaceChildren(el("li", { className: "soft" }, "Looking who is there …"));
      return;
    }
    const words = search.value.trim().toLowerCase();
    const found = all.filter((target) => only.includes(target.kind) && `${target.name} ${target.detail}`.toLowerCase().includes(words));
    if (found.length === 0) {
      root.replaceChildren(el("li", { className: "soft" }, words ? "Nobody and nothing by that name." : "Nobody is there."));
      return;
    }
    keyed(root, found, (target) => `${target.kind} ${target.key} ${target.free} ${target.state} ${target.detail}`, (target) => item(target, () => {
      chosen = target;
      dialog.close("chosen");
    }));
  };
  search.oninput = list;
  search.onkeydown = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    find("#targets button:not(:disabled)")?.click();
  };
  list();
  const refresh = async () => {
    all = sorted(await load(), self);
    list();
  };
  refresh().catch(() => {
    all ??= [];
    list();
  });
  const timer = setInterval(() => refresh().catch(() => {}), 4_000); // availability is polled: the platform tells nobody
  const done = closed(dialog, () => (chosen && dialog.returnValue === "chosen" ? { ...chosen, note: find("#target-note").value.trim() } : null));
  search.focus();
  return done.finally(() => clearInterval(timer));
}

export function showKeys(shortcuts) {
  const rows = shortcuts.flatMap(({ keys, words }) => [el("dt", {}, ...keys.flatMap((key, at) => [at > 0 ? " + " : null, el("kbd", { className: "keycap" }, key)])), el("dd", {}, words)]);
  find("#keys").replaceChildren(...rows);
  return closed(find("#keys-dialog"), () => null);
}

function closed(dialog, result) {
  const before = document.activeElement;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        before?.focus?.();
        resolve(result());
      },
      { once: true },
    );
  });
}

function item(target, choose) {
  const picture = { User: () => el("span", { className: `avatar ${target.is}`, "aria-hidden": "true" }, target.is === "bot" ? icon("bot") : initials(target.name)), Skill: () => el("span", { className: "avatar", "aria-hidden": "true" }, icon("skill")), Queue: () => el("span", { className: "avatar", "aria-hidden": "true" }, icon("queue")) };
  const button = el(
    "button",
    { className: "target", type: "button", disabled: target.disabled },
    picture[target.kind](),
    el("span", { className: "grow" }, target.name, el("small", {}, target.detail)),
    target.kind === "User" ? el("span", { className: `free ${target.free ? "yes" : ""}` }, target.free ? "free" : (target.state ?? "not free")) : null,
  );
  button.addEventListener("click", choose);
  return el("li", {}, button);
}
