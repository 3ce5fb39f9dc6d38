// The links of the person who is signed in, at the top of every page.

import { html, render } from "./html.js";
import { accessToken, onPerson, signOut } from "./session.js";
import { tell } from "./dialogs.js";
import { follow } from "./live.js";

const place = document.getElementById("person");
const anonymous = [...place.childNodes];

function Links({ person }) {
  return html`<a href="/write">Write</a>
    <a href="/mine">Your posts</a>
    ${person.permissions.length > 0 && html`<a href="/moderation">Moderation</a>`}
    <a href=${accountPath()}>${person.username}</a>
    <button type="button" class="link" onClick=${leave}>Sign out</button>`;
}

/** The account at the issuer, from where a link leads back to this page. */
function accountPath() {
  return `${place.dataset.account}?return_to=${encodeURIComponent(location.href)}`;
}

async function leave() {
  try {
    await signOut();
  } catch {
    await tell("You are still signed in", "The service cannot be reached at the moment. Please try again.");
  }
}

function show(person) {
  if (person === null) {
    render(null, place);
    place.replaceChildren(...anonymous);
  } else {
    if (anonymous[0].parentNode === place) place.replaceChildren();
    render(html`<${Links} person=${person} />`, place);
  }
}

onPerson(show);
// When the browser shows a page again that it has kept, another person may be signed in.
addEventListener("pageshow", (event) => event.persisted && location.reload());
// If the service cannot be reached, the page stays as everybody sees it.
accessToken().catch(() => {});
follow();
