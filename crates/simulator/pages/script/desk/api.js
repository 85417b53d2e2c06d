// The agents' REST API as the desk uses it: Basic sign-in, the CSRF header if the server gives one, sessions and tokens renewed when they run out.

import { ask, Refused } from "../wire.js";

const ROOT = "/api/v2";

export class AgentApi {
  #authorization = null;
  #csrf = null;
  #renewal = null;

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
    return this.#patiently("GET", path);
  }

  async post(path, body, options) {
    return this.#patiently("POST", path, body, options);
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

  // A session or a CSRF token may have run out: a fresh look at /me, and again. A second time, because another request may
  // have been given yet another session meanwhile, and the token belongs to the session.
  async #patiently(method, path, body, options) {
    for (let renewals = 0; ; renewals += 1) {
      try {
        return await this.#once(method, path, body, options);
      } catch (error) {
        if (!(error instanceof Refused) || !error.unauthenticated || error.code === 5 || renewals === 2) throw error;
        await this.#renew();
      }
    }
  }

  // Requests that are refused at the same time renew together.
  #renew() {
    this.#renewal ??= this.me().finally(() => (this.#renewal = null));
    return this.#renewal;
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
