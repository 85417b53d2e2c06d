// One request to the server and one honest answer: done, refused, or nobody knows.

/** The server understood and said no. `code` is its statusCode where it gave one. */
export class Refused extends Error {
  constructor(status, code, message) {
    super(message || `the server said no (HTTP ${status}${code === null ? "" : `, code ${code}`})`);
    this.status = status;
    this.code = code;
  }

  /** The thing asked for is not there (any more). */
  get gone() {
    return this.code === 6 || this.status === 404 || this.status === 410;
  }

  /** Signing in again, or a new CSRF token, may help. */
  get unauthenticated() {
    return this.code === 20 || this.status === 401 || this.status === 403;
  }
}

/** No answer, or one that cannot be read: the request may or may not have been carried out. */
export class Unknown extends Error {}

/** Sends one request. Gives the decoded body and the response headers. */
export async function ask(method, path, { headers = {}, body, timeout = 10_000, signal } = {}) {
  const limits = [AbortSignal.timeout(timeout), ...(signal ? [signal] : [])];
  let response;
  let text;
  try {
    response = await fetch(path, {
      method,
      headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.any(limits),
      cache: "no-store",
    });
    text = await response.text();
  } catch (error) {
    throw new Unknown(error.message);
  }
  const answer = parse(text);
  const code = statusOf(answer);
  if (response.ok && (Array.isArray(answer) || code === 0)) return { answer, headers: response.headers };
  const words = answer?.statusMessage ?? answer?.errorDescription ?? answer?.failed?.[0]?.statusMessage;
  if (response.status >= 500 && code === null) throw new Unknown(`HTTP ${response.status}`);
  if (response.ok && code === null) throw new Unknown("an answer without a status");
  throw new Refused(response.status, typeof code === "number" ? code : null, words);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// Both dialects: a number or a numeric string under `statusCode` or `status`, or the words "ok" and "error".
function statusOf(answer) {
  const status = answer?.statusCode ?? answer?.status;
  if (status === undefined || status === null) return null;
  if (status === "ok") return 0;
  const number = Number(status);
  return Number.isNaN(number) ? "error" : number;
}
