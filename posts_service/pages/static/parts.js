// Small parts that several pages show.

import { html } from "./html.js";
import { signInPath } from "./session.js";

/** What moderators read before they act on what is another person's. */
export const SAY_WHY = "It is somebody else's. Say why: your reason is recorded.";
/** What people read before they delete a post. */
export const DELETING = "Its comments, likes and history are deleted too. This cannot be undone.";
/** What moderators read before they unpublish a post. */
export const UNPUBLISHING =
  "Only its author and moderators will see it. Its author sees your reason, which is recorded.";

const dayFormat = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
const timeFormat = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" });

/** The day of an instant in UTC, written as in the HTML that the service makes. */
export function Day({ at }) {
  return html`<time datetime=${at}>${dayFormat.format(new Date(at))}</time>`;
}

/** The day and the time of an instant, by the clock of the reader. */
export function When({ at }) {
  return html`<time datetime=${at}>${timeFormat.format(new Date(at))}</time>`;
}

/** The button of an act on the thing with this title. Only screen readers say the title: others see it beside the
 * button. */
export function Act({ name, title, act }) {
  return html`<button type="button" class="link" aria-label=${`${name} “${title}”`} onClick=${act}>${name}</button>`;
}

/** Why a list cannot be read; with the link to sign in once more, if that helps. */
export function Refusal({ refusal: { message, needs } }) {
  return html`<p>${message}</p>
    ${needs !== null && html`<p><a class="button" href=${signInPath(needs)}>Sign in once more</a></p>`}`;
}

/** The number with its word, which gets an "s" unless the number is 1. */
export function counted(number, word) {
  return `${number} ${number === 1 ? word : `${word}s`}`;
}
