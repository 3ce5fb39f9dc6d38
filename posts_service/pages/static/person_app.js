// What a page shows to the person who is signed in. When they are signed out, it disappears at once, and its requests
// are aborted.

import { html, render } from "./html.js";
import { accessToken, canSignIn, onPerson, signInPath, signedInPerson } from "./session.js";
import { sleepOrOnline } from "./waiting.js";

const PAUSE_MILLISECONDS = 2_000;
const UNABLE =
  "Nobody can sign in here: it takes an address that begins with https, and a browser that lets this site keep cookies.";

const place = document.getElementById("app");
let controller = new AbortController();

/** Show `App` with the `person` who is signed in, and a `signal` that is aborted when another one is, or nobody.
 * While nobody is signed in, the page asks to sign in for this `purpose`, a verb such as "write". */
export async function showToPerson(App, purpose) {
  const show = (person) => {
    controller.abort();
    controller = new AbortController();
    const app = html`<${App} key=${JSON.stringify(person)} person=${person} signal=${controller.signal} />`;
    render(person === null ? html`<${Invitation} key="" purpose=${purpose} />` : app, place);
  };
  place.replaceChildren();
  if (!canSignIn) return render(html`<p>${UNABLE}</p>`, place);
  onPerson(show);
  if (signedInPerson() !== null) show(signedInPerson());
  await learnWhoIsSignedIn();
  if (signedInPerson() === null) show(null);
}

async function learnWhoIsSignedIn() {
  for (;;) {
    try {
      return await accessToken();
    } catch {
      render(html`<${Waiting} isWaiting=${true} />`, place);
      await sleepOrOnline(PAUSE_MILLISECONDS);
    }
  }
}

function Invitation({ purpose }) {
  return html`<p>You are not signed in. Sign in to ${purpose}.</p>
    <p><a class="button" href=${signInPath()}>Sign in</a></p>`;
}

/** Says that the service cannot be reached, while that is so. */
export function Waiting({ isWaiting }) {
  return html`<p role="status" class="quiet">
    ${isWaiting && "The service cannot be reached at the moment. Trying again…"}
  </p>`;
}
