// Small words for building the page. Text is always set as text: nothing that came over the wire is ever parsed as HTML.

export const find = (selector) => document.querySelector(selector);

/** An element with attributes, properties (`onclick`, `textContent`, …) and children. `null` children are left out. */
export function el(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || value === null || value === false) continue;
    if (key in node && (typeof value !== "string" || key === "textContent" || key === "value")) node[key] = value;
    else node.setAttribute(key === "className" ? "class" : key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `/pages/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** Keeps one child of `root` for every item, in order, and touches only what changed, so that the focus stays where it is. */
export function keyed(root, items, key, make, update = () => {}) {
  const held = new Map([...root.children].map((node) => [node.dataset.key, node]));
  let at = root.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let node = held.get(name);
    held.delete(name);
    if (!node) {
      node = make(item);
      node.dataset.key = name;
    }
    if (node === at) at = at.nextElementSibling;
    else root.insertBefore(node, at);
    update(node, item);
  }
  for (const node of held.values()) node.remove();
}

const LINK = /\bhttps?:\/\/[^\s<>"'`]+/giu;

/** The text as nodes, with http and https addresses as links. Nothing else becomes a link, whatever it says. */
export function linked(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const address = withoutTail(match[0]);
    let url;
    try {
      url = new URL(address);
    } catch {
      continue;
    }
    nodes.push(text.slice(from, match.index), link(url.href, address));
    from = match.index + address.length;
  }
  nodes.push(text.slice(from));
  return nodes.filter((node) => node !== "");
}

/** A link that takes nothing of this page along. Only http and https; anything else comes back as plain text. */
export function link(href, label) {
  let url;
  try {
    url = new URL(href);
  } catch {
    return label;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return label;
  return el("a", { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow", textContent: label });
}

// The full stop after an address belongs to the sentence, and so does a bracket that was opened before it.
function withoutTail(address) {
  let end = address.length;
  for (;;) {
    const last = address[end - 1];
    const unopened = last === ")" && !address.slice(0, end - 1).includes("(");
    if (".,;:!?…]}*_".includes(last) || unopened) end -= 1;
    else return address.slice(0, end);
  }
}

export const bytesOf = (text) => new TextEncoder().encode(text).length;

/** The time of day; nothing for a moment that nobody told. */
export const clock = (millis) => millis && new Date(millis).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
