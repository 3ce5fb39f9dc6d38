// Calling the API: every request of a page but those for tokens and for the stream of events is made here.

import { askToSignIn, askToSignInAgain, tell } from "./dialogs.js";
import { accessToken, sessionEnded, signedInPerson } from "./session.js";
import { sleepOrOnline } from "./waiting.js";

const FIRST_PAUSE_MILLISECONDS = 500;
const LONGEST_PAUSE_MILLISECONDS = 15_000;
const TOLD_STATUSES = [401, 403, 429];

/** An answer that is no success: its status and the members of its problem document (RFC 9457). `errors` are those of
 * a validation, `{pointer, code, detail}`; `retryAfter` is in seconds, null if the answer does not say. `needs` is what
 * a further sign-in must give (RFC 9470), null if it would not help, or if nobody is signed in any more. */
export class Refused extends Error {
  constructor(answer, problem) {
    super(problem.detail ?? `The service answered ${answer.status}.`);
    this.status = answer.status;
    this.code = problem.code ?? "";
    this.errors = problem.errors ?? [];
    this.retryAfter = Number(answer.headers.get("Retry-After")) || null;
    this.needs = signedInPerson() === null ? null : needsOf(answer);
  }
}

/** The answer to a request: `{status, headers, body}`; `body` is null if there is none.
 *
 * The body of a success is JSON or text; with `as`, it is what this method of the answer gives, such as "blob".
 *
 * 401 gets one new access token and one more try; then the person is asked to sign in, and comes back to this page.
 * 403 and 429 are told in a dialog, and so is that the sign-in is too old or too weak, unless the request `isQuiet`.
 *
 * While the service cannot be reached, or answers 503, or its answer breaks off (but for one that is read `as`
 * something, which may be long, and rejects with a TypeError), the request is sent again: `onWaiting(true)` says so,
 * and `onWaiting(false)` that it is over. So a request must be safe to send twice: GET, PUT and DELETE are, a PATCH or
 * a POST with If-Match, and a POST with Idempotency-Key.
 *
 * A request is its person's: it is refused with 401, and not sent, if another one has signed in meanwhile.
 *
 * Rejects with Refused for any other answer than a success, and with an AbortError after `signal`. */
export async function call(method, path, options = {}) {
  const { body, headers = {}, onWaiting = () => {}, signal, isQuiet = false, as } = options;
  const request = { method, path, body, headers, signal, personId: signedInPerson()?.id };
  for (let pause = FIRST_PAUSE_MILLISECONDS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS)) {
    const answer = await sendAuthorized(request).catch(nullIfTransient);
    if (answer !== null) onWaiting(false);
    const outcome = answer && (await read(answer, as));
    if (outcome !== null) return judged(outcome, method, isQuiet);
    onWaiting(true);
    await sleepOrOnline(pause, signal);
  }
}

/** The answer to a request with an access token, if somebody is signed in. Null if the service is not available. */
async function sendAuthorized(request) {
  let token = await accessToken();
  let answer = await send(request, token);
  if (answer.status === 401 && token !== null && isStillTheirs(request)) {
    token = await accessToken(token);
    if (token !== null) answer = await send(request, token);
    if (answer.status === 401 && needsOf(answer) === null && isStillTheirs(request)) sessionEnded();
  }
  return answer.status === 503 ? null : answer;
}

async function send(request, token) {
  if (!isStillTheirs(request)) return new Response(null, { status: 401 });
  const { method, path, body, headers, signal } = request;
  const fields = { ...headers };
  if (token !== null) fields.Authorization = `Bearer ${token}`;
  if (body !== undefined) fields["Content-Type"] = "application/json";
  return fetch(path, { method, headers: fields, body: body === undefined ? undefined : JSON.stringify(body), signal });
}

/** Whether nobody else has signed in since the request was made. Whose it is may be known only by its first token. */
function isStillTheirs(request) {
  const id = signedInPerson()?.id;
  request.personId ??= id;
  return id === undefined || id === request.personId;
}

/** Null if the request may succeed when it is sent again; any other error is thrown again. */
function nullIfTransient(error) {
  // fetch rejects with a TypeError if there is no connection; accessToken rejects with an answer.
  if (error instanceof TypeError || (error instanceof Response && error.status !== 403)) return null;
  throw error;
}

/** The answer with its body, and whether that is JSON. Null if it breaks off. */
async function read(answer, as) {
  // A person who has signed in since the request was made need not sign in. The page may end its requests when their
  // person is gone: the answer is read no further then.
  if (answer.status === 401 && signedInPerson() === null) await askToSignIn();
  const { status, headers, ok } = answer;
  if (ok && as !== undefined) return { status, headers, ok, body: await answer[as]() };
  const isJson = /json/.test(headers.get("Content-Type") ?? "");
  try {
    return { status, headers, ok, isJson, body: status === 204 ? null : await answer[isJson ? "json" : "text"]() };
  } catch (error) {
    return nullIfTransient(error);
  }
}

/** What the challenge of an answer asks of a further sign-in, as parameters of the link; null if it asks for none. */
function needsOf({ status, headers }) {
  const challenge = headers.get("WWW-Authenticate") ?? "";
  if (status !== 401 || !challenge.includes('error="insufficient_user_authentication"')) return null;
  const parameters = challenge.matchAll(/(acr_values|max_age)="([^"]*)"/g);
  return Object.fromEntries(Array.from(parameters, (match) => match.slice(1)));
}

let keepTyped = async () => {};

/** Call `listener` before a person is asked to sign in once more for a change that they have sent: they leave the page
 * then. */
export function beforeSigningInAgain(listener) {
  keepTyped = listener;
}

/** A success as `call` gives it; rejects for any other answer. */
async function judged({ status, headers, ok, isJson, body }, method, isQuiet) {
  if (ok) return { status, headers, body };
  const refused = new Refused({ status, headers }, isJson ? body : {});
  if (!isQuiet && refused.needs !== null && method !== "GET") await keepTyped();
  if (!isQuiet) await tellInDialog(refused);
  throw refused;
}

/** Whether `call` has told the person of this refusal in a dialog: a page that is not quiet says no more about it. */
export function isTold({ status }) {
  return TOLD_STATUSES.includes(status);
}

/** The field that makes a change depend on the version that the person has seen. */
export function ifMatch(version) {
  return { "If-Match": `"${version}"` };
}

/** The path with the reason that acts on what is others' need; as it is if the reason is empty or undefined. */
export function withReason(path, reason = "") {
  return reason === "" ? path : `${path}?reason=${encodeURIComponent(reason)}`;
}

async function tellInDialog({ status, message, retryAfter, needs }) {
  if (needs !== null) await askToSignInAgain(needs);
  if (status === 403) await tell("You may not do this", message);
  if (status === 429) await tell("Too many requests", `${message} Try again in ${waitInWords(retryAfter)}.`);
}

/** How long to wait, as words for a person; `seconds` is null if the service did not say. */
export function waitInWords(seconds) {
  if (seconds === null) return "a moment";
  if (seconds < 90) return `${seconds} s`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
