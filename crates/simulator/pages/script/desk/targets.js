// To whom a chat can go: people, skills and queues, as the contacts and skills of the server tell them.

import { kindOf } from "../people.js";

/** The people among the contacts, free ones first; assistants count as people here, and are told apart by `is`. */
export function peopleOf(contacts, self) {
  return contacts
    .filter((contact) => contact.type === "User" && contact.userName !== self)
    .map((contact) => {
      const channel = (contact.availability?.channels ?? []).find((entry) => entry.channel === "chat");
      const name = [contact.firstName, contact.lastName].filter(Boolean).join(" ") || contact.userName;
      const is = kindOf({ type: "Agent", nickname: name, userName: contact.userName });
      const abilities = (contact.skills ?? []).map((skill) => skill.name ?? skill);
      return { kind: "User", is, skills: abilities, key: contact.id ?? contact.userName, name, detail: contact.userName ?? "", free: channel?.available === true, state: channel?.userState?.displayName, parameters: { targetUri: contact.uri ?? contact.path } };
    })
    .sort((a, b) => Number(b.free) - Number(a.free) || a.name.localeCompare(b.name));
}

/** Everything that a chat can go to: people, then skills, then queues. */
export function sorted({ contacts, skills }, self) {
  const people = peopleOf(contacts, self);
  // A chat goes to people and queues only. "Somebody with this skill" is therefore a free person who has it.
  const byName = skills.map((skill) => {
    const able = people.filter((person) => person.skills.includes(skill.name));
    const free = able.find((person) => person.free);
    const detail = free ? `goes to ${free.name}` : able.length > 0 ? "everybody with this skill is busy" : "nobody has this skill";
    return { kind: "Skill", key: skill.name, name: skill.name, detail, free: Boolean(free), disabled: !free, parameters: free?.parameters };
  });
  const queues = contacts
    .filter((contact) => contact.type === "Queue")
    .map((contact) => ({ kind: "Queue", key: contact.name ?? contact.id, name: contact.name ?? contact.id, detail: "queue", parameters: { queueName: contact.name ?? contact.id } }));
  return [...people, ...byName, ...queues];
}
