// What a page shows to the person who is signed in. It goes with them, at once and with all that it has begun.

import { html, render } from "./html.js";
import { accessToken, onPerson, signInPath, signedInPerson } from "./session.js";
import { sleepOrOnline } from "./waiting.js";

const PAUSE_MILLISECONDS = 2_000;

const place = document.getElementById("app");
let stay = new AbortController();

/** Show `App` with the `person` who is signed in, and a `signal` that is aborted when another one is, or nobody.
 * Without a person, the page says that one signs in for `what` it shows. */
export async function showToPerson(App, what) {
  const show = (person) => {
    stay.abort();
    stay = new AbortController();
    const app = html`<${App} key=${JSON.stringify(person)} person=${person} signal=${stay.signal} />`;
    render(person === null ? html`<${Invitation} key="" what=${what} />` : app, place);
  };
  place.replaceChildren();
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

function Invitation({ what }) {
  return html`<p>You are not signed in. When you are, you find ${what} here.</p>
    <p><a class="button" href=${signInPath()}>Go to sign-in</a></p>`;
}

/** Says that the service cannot be reached, while that is so. */
export function Waiting({ isWaiting }) {
  return html`<p role="status" class="quiet">
    ${isWaiting && "The service cannot be reached at the moment. Trying again…"}
  </p>`;
}
