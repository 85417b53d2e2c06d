// The customer chat API: polling, no sign-in. Every request names the contact centre.

import { ask } from "../wire.js";

const CENTRE = "7c0c1b7e-55b5-4b0b-9d6e-0f6f3c1d2a10";

export class CustomerApi {
  /** `centre` and `queue` where they are not those of the simulator. */
  constructor({ centre, queue } = {}) {
    this.headers = { ContactCenterId: centre || CENTRE };
    this.endpoint = queue ? `Environment:${queue}` : undefined;
  }

  /** Asks for a chat. Without a name the customer is a guest, and nobody calls a guest by that name. */
  async request({ name, subject }) {
    const [FirstName, ...rest] = name.split(/\s+/u);
    const userData = name === "" ? {} : { FirstName, ...(rest.length > 0 ? { LastName: rest.join(" ") } : {}) };
    const body = { operationName: "RequestChat", nickname: name || "Guest", subject: subject || undefined, endpoint: this.endpoint, userData };
    const { answer } = await ask("POST", "/api/v2/chats", { headers: this.headers, body });
    return answer.id;
  }

  async chat(id) {
    const { answer } = await ask("GET", `/api/v2/chats/${encodeURIComponent(id)}`, { headers: this.headers });
    return answer.chat;
  }

  /** Entries from `index` on. */
  async messages(id, index) {
    const path = `/api/v2/chats/${encodeURIComponent(id)}/messages?index=${index}`;
    const { answer } = await ask("GET", path, { headers: this.headers });
    return answer.messages ?? [];
  }

  async operate(id, operationName, parameters = {}) {
    const body = { operationName, ...parameters };
    await ask("POST", `/api/v2/chats/${encodeURIComponent(id)}`, { headers: this.headers, body });
  }
}
