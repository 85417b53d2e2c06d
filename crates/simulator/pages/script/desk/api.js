// The agents' REST API as the desk uses it: Basic sign-in, the CSRF header if the server gives one, each request asked twice at most.

import { ask, Refused } from "../wire.js";

const ROOT = "/api/v2";

export class AgentApi {
  #authorization = null;
  #csrf = null;

  /** Signs in. Without a user, goes on with the session that this browser still has. */
  async signIn(user, password) {
    this.#authorization = user === undefined ? null : `Basic ${encoded(`${user}:${password}`)}`;
    this.#csrf = null;
    return this.me();
  }

  forget() {
    this.#authorization = null;
    this.#csrf = null;
  }

  /** True when the desk could sign in again by itself. */
  get knowsPassword() {
    return this.#authorization !== null;
  }

  async me() {
    const answer = await this.#once("GET", "/me?subresources=channels");
    return answer.user;
  }

  async get(path) {
    return this.#twice("GET", path);
  }

  async post(path, body, options) {
    return this.#twice("POST", path, body, options);
  }

  /** An operation on one of the own chats. */
  async operate(id, operationName, parameters = {}) {
    return this.post(`/me/chats/${encodeURIComponent(id)}`, { operationName, ...parameters });
  }

  /** Says goodbye while the page is being closed: nobody waits for the answer. */
  leaveInPassing(goodbye) {
    const say = (path, body) =>
      fetch(ROOT + path, { method: "POST", keepalive: true, headers: { "Content-Type": "application/json", ...this.#headers() }, body: JSON.stringify(body) }).catch(() => {});
    say("/me", { operationName: "NotReady" });
    if (goodbye) say("/notifications", [goodbye]);
  }

  // A session or a CSRF token may have run out: one fresh look at /me, and once more.
  async #twice(method, path, body, options) {
    try {
      return await this.#once(method, path, body, options);
    } catch (error) {
      if (!(error instanceof Refused) || !error.unauthenticated || error.code === 5) throw error;
      this.#csrf = null;
      await this.me();
      return this.#once(method, path, body, options);
    }
  }

  async #once(method, path, body, options = {}) {
    const { answer, headers } = await ask(method, ROOT + path, { headers: this.#headers(), body, ...options });
    const name = headers.get("X-CSRF-HEADER");
    const value = headers.get("X-CSRF-TOKEN");
    if (name && value) this.#csrf = [name, value];
    return answer;
  }

  #headers() {
    const headers = {};
    if (this.#authorization) headers.Authorization = this.#authorization;
    if (this.#csrf) headers[this.#csrf[0]] = this.#csrf[1];
    return headers;
  }
}

// ISO-8859-1 as the servers expect it; UTF-8 for what does not fit into that.
function encoded(credentials) {
  const latin = [...credentials].every((letter) => letter.codePointAt(0) < 256);
  const bytes = latin ? credentials : String.fromCodePoint(...new TextEncoder().encode(credentials));
  return btoa(bytes);
}
