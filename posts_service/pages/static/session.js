// Who is signed in. The access token is only in the memory of pages. The tabs of a browser ask for the next token one
// after the other, and share it.

// A token is not used so shortly before its end: the request has to arrive in time.
const MARGIN_MILLISECONDS = 10_000;
// The cookie says no more than that there is a session to ask for; over http on this machine its name has the port.
const MARK = location.protocol === "https:" ? "__Host-posts_signed_in" : `posts_signed_in_${location.port || 80}`;
const LONGEST_RETURN_PATH = 1_000;

/** Whether this browser lets the pages sign somebody in. Browsers have locks and encryption only for pages that came by
 * https or from this machine, and refuse cookies, storage and locks together. */
export const canSignIn = isSecureContext && hasStorage();

const channel = new BroadcastChannel("session");
const listeners = new Set();
let token = null;
let person = null;

/** The person who is signed in, `{id, username, permissions}`; null if nobody is, or if it is not known yet. */
export function signedInPerson() {
  return person;
}

/** Call `listener` with the person, or null, whenever that changes. Returns the function that removes the listener. */
export function onPerson(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** An access token, or null if nobody is signed in. `refused` is one that was answered with 401, and is not returned
 * again. Rejects with a TypeError if the service cannot be reached, and with the answer if it refuses for a time. */
export async function accessToken(refused = null) {
  if (!canSignIn) return null;
  if (isUsable(refused)) return token.text;
  return navigator.locks.request("access token", async () => {
    // Another tab may have got one meanwhile.
    if (isUsable(refused)) return token.text;
    if (!isMarked()) return forget();
    // If the page is left meanwhile, the answer is still received: it brings the cookie for the next call.
    const answer = await fetch("/auth/token", { method: "POST", keepalive: true });
    if (answer.status === 401) {
      sessionEnded();
      return null;
    }
    if (!answer.ok) throw answer;
    const { access_token: text, expires_in: seconds } = await answer.json();
    remember({ text, endsAt: Date.now() + seconds * 1_000 });
    channel.postMessage({ token });
    return text;
  });
}

/** Sign out here, in every tab and at the issuer. Rejects if the service cannot be reached or refuses. */
export async function signOut() {
  // Nobody asks for a token of the session meanwhile, which ends before the answer is here.
  const answer = await navigator.locks.request("access token", () => fetch("/auth/sign-out", { method: "POST" }));
  if (!answer.ok) throw answer;
  const { continue_at: place } = await answer.json();
  sessionEnded();
  location.assign(place ?? "/");
}

/** Forget the person in every tab: the session has ended. */
export function sessionEnded() {
  forget();
  channel.postMessage({ token: null });
}

/** Where to sign in, to come back to this page. `needs` is what the sign-in must give: `acr_values`, `max_age`. */
export function signInPath(needs = {}) {
  // Browsers leave a backslash as it is, which other software takes for a slash.
  const here = (location.pathname + location.search).replaceAll("\\", "%5C");
  const demands = Object.entries(needs).map(([name, value]) => `&${name}=${encodeURIComponent(value)}`);
  return `/auth/start?return=${encodeURIComponent(here.length > LONGEST_RETURN_PATH ? "/" : here)}${demands.join("")}`;
}

channel.addEventListener("message", ({ data }) => (data.token === null ? forget() : remember(data.token)));

function hasStorage() {
  try {
    return localStorage !== null;
  } catch {
    return false;
  }
}

function isMarked() {
  return document.cookie.split("; ").includes(`${MARK}=1`);
}

function isUsable(refused) {
  return token !== null && token.text !== refused && Date.now() < token.endsAt - MARGIN_MILLISECONDS;
}

function remember(newToken) {
  token = newToken;
  const { sub, preferred_username: username, permissions = [] } = claimsOf(newToken.text);
  setPerson({ id: sub, username, permissions });
}

function forget() {
  token = null;
  setPerson(null);
  return null;
}

function setPerson(next) {
  if (JSON.stringify(next) === JSON.stringify(person)) return;
  person = next;
  for (const listener of listeners) listener(person);
}

/** What the token says. The service verifies it; the page only decides what to show. */
function claimsOf(text) {
  const base64 = text.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}
