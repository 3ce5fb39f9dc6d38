// Preact's functions as the pages use them: `html` makes elements, `render` puts them into the page.

import { h } from "preact";
import htm from "htm";

export { render } from "preact";
export * from "preact/hooks";

export const html = htm.bind(h);

// The policy of the page lets scripts write HTML by this policy alone. Nothing else in these modules may call it.
const policy = globalThis.trustedTypes?.createPolicy("sanitized", { createHTML: (text) => text }) ?? {
  createHTML: (text) => text,
};

/** A text that the service has rendered and sanitized, such as the `html` of a post. */
export function Sanitized({ text, ...attributes }) {
  return html`<div ...${attributes} dangerouslySetInnerHTML=${{ __html: policy.createHTML(text) }} />`;
}
