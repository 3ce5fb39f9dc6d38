// Small parts of the pages on which people manage what is there.

import { html } from "./html.js";

// By the clock of the reader, and written as the server writes days.
const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" });

export function When({ at }) {
  return html`<time datetime=${at}>${format.format(new Date(at))}</time>`;
}

/** The button of an act on the thing with this title, which only those who cannot see the page around it are told. */
export function Act({ name, title, act }) {
  return html`<button type="button" class="link" aria-label=${`${name} “${title}”`} onClick=${act}>${name}</button>`;
}

export function counted(number, word) {
  return `${number} ${number === 1 ? word : `${word}s`}`;
}
