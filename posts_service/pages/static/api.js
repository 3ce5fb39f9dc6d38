// The one way in which pages call the API.

import { askToSignIn, tell } from "./dialogs.js";
import { accessToken, sessionEnded } from "./session.js";
import { sleepOrOnline } from "./waiting.js";

const FIRST_PAUSE_MILLISECONDS = 500;
const LONGEST_PAUSE_MILLISECONDS = 15_000;

/** An answer that is no success: its status and the members of its problem document (RFC 9457). `errors` are those of
 * a validation, `{pointer, code, detail}`; `retryAfter` is in seconds, null if the answer does not say. */
export class Refused extends Error {
  constructor(answer, problem) {
    super(problem.detail ?? `The service answered ${answer.status}.`);
    this.status = answer.status;
    this.code = problem.code ?? "";
    this.errors = problem.errors ?? [];
    this.retryAfter = Number(answer.headers.get("Retry-After")) || null;
  }
}

/** The answer to a request: `{status, headers, body}`; `body` is null if there is none.
 *
 * The body of a success is JSON or text; with `as`, it is what this method of the answer gives, such as "blob".
 *
 * 401 gets one new access token and one more try; then the person is asked to sign in, and comes back to this page.
 * 403 and 429 are told in a dialog, unless the request `isQuiet`. While the service cannot be reached, or answers 503,
 * the request is sent again: `onWaiting(true)` says so, and `onWaiting(false)` that it is over. So a request must be
 * safe to send twice: GET, PUT and DELETE are, a PATCH or a POST with If-Match, and a POST with Idempotency-Key.
 *
 * Rejects with Refused for any other answer than a success, and with an AbortError after `signal`. */
export async function call(method, path, options = {}) {
  const { body, headers = {}, onWaiting = () => {}, signal, isQuiet = false, as } = options;
  for (let pause = FIRST_PAUSE_MILLISECONDS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS)) {
    const answer = await sendAuthorized(method, path, body, headers, signal).catch(passing);
    if (answer !== null) {
      onWaiting(false);
      return read(answer, isQuiet, as);
    }
    onWaiting(true);
    await sleepOrOnline(pause, signal);
  }
}

/** The answer to a request with an access token, if somebody is signed in. Null if the service is not available. */
async function sendAuthorized(method, path, body, headers, signal) {
  let token = await accessToken();
  let answer = await send(method, path, body, headers, signal, token);
  if (answer.status === 401 && token !== null) {
    token = await accessToken(token);
    if (token !== null) answer = await send(method, path, body, headers, signal, token);
    if (answer.status === 401) sessionEnded();
  }
  return answer.status === 503 ? null : answer;
}

function send(method, path, body, headers, signal, token) {
  const fields = { ...headers };
  if (token !== null) fields.Authorization = `Bearer ${token}`;
  if (body !== undefined) fields["Content-Type"] = "application/json";
  return fetch(path, { method, headers: fields, body: body === undefined ? undefined : JSON.stringify(body), signal });
}

/** Null for an error that another try may not meet; anything else is thrown again. */
function passing(error) {
  // fetch rejects with a TypeError if there is no connection; accessToken rejects with an answer.
  if (error instanceof TypeError || (error instanceof Response && error.status !== 403)) return null;
  throw error;
}

async function read(answer, isQuiet, as) {
  const isJson = /json/.test(answer.headers.get("Content-Type") ?? "");
  const method = answer.ok && as !== undefined ? as : isJson ? "json" : "text";
  const body = answer.status === 204 ? null : await answer[method]();
  if (answer.ok) return { status: answer.status, headers: answer.headers, body };
  const refused = new Refused(answer, isJson ? body : {});
  if (refused.status === 401) await askToSignIn();
  else if (!isQuiet) await explain(refused);
  throw refused;
}

async function explain({ status, message, retryAfter }) {
  if (status === 403) await tell("You may not do this", message);
  if (status === 429) await tell("Not so fast", `${message} Try again in ${inWords(retryAfter)}.`);
}

/** How long to wait, for a person. */
export function inWords(seconds) {
  if (seconds === null) return "a moment";
  if (seconds < 90) return `${seconds} s`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
