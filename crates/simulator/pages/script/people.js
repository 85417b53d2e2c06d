// Who is speaking: the customer, a bot or a person. On the wire bots and people are both agents.

const BOT = /\b(?:chat)?bots?\b|\bassistant\b|\bautomat/iu;

/** `customer`, `bot`, `person` or `system`. A server that tells (`isBot`) is believed; otherwise the name has to tell. */
export function kindOf(from = {}) {
  if (from.type === "Customer" || from.type === "Client") return "customer";
  if (from.type === "System" || from.type === "External") return "system";
  if (typeof from.isBot === "boolean") return from.isBot ? "bot" : "person";
  return BOT.test(`${from.nickname ?? ""} ${from.userName ?? ""}`) ? "bot" : "person";
}

export const KIND_WORDS = { bot: "assistant", person: "person", customer: "customer", system: "system" };

/** The name, and what it is where the name does not say so itself. */
export function described(from) {
  const kind = kindOf(from);
  const name = from.nickname || "Somebody";
  return kind === "bot" && !name.toLowerCase().includes(KIND_WORDS.bot) ? `${name} (${KIND_WORDS.bot})` : name;
}

export function initials(name = "") {
  const parts = name.trim().split(/\s+/u).filter(Boolean);
  const letters = parts.length > 1 ? [parts[0], parts.at(-1)] : parts;
  return letters.map((part) => [...part][0].toUpperCase()).join("") || "?";
}
