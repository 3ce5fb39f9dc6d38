// One version of a post, beside the present one.

import { differences, shortened } from "./differences.js";
import { html } from "./html.js";
import { When } from "./parts.js";

const SIGNS = { same: " ", removed: "−", added: "+" };
const ELEMENTS = { same: "span", removed: "del", added: "ins" };

export function Version({ version, present, act }) {
  const { version: number, editor, written_at: at, body } = version;
  const comparison = html`<${Comparison} version=${version} present=${present} />
    <div class="row"><button type="button" onClick=${act}>Restore version ${number}</button></div>`;
  return html`<section aria-labelledby="shown">
    <h2 id="shown" tabindex="-1">Version ${number}</h2>
    <p class="byline">By ${nameOf(editor)} · <${When} at=${at} /></p>
    ${number === present.version ? html`<p>It is the present version.</p>` : comparison}
    <h3>Its text</h3>
    <pre class="source" role="region" aria-label="The text of the version" tabindex="0">${body}</pre>
  </section>`;
}

/** The differences between this version and the present one. */
function Comparison({ version, present }) {
  const lines = shortened(differences(version.body, present.body));
  const isOfOneText = version.body === present.body;
  return html`<h3>What differs from the present version</h3>
    <${Member} name="Title" one=${version.title} other=${present.title} />
    <${Member} name="Summary" one=${version.summary ?? ""} other=${present.summary ?? ""} />
    <${Member} name="Tags" one=${version.tags.join(", ")} other=${present.tags.join(", ")} />
    ${isOfOneText ? html`<p>The texts are the same.</p>` : html`<${Lines} lines=${lines} />`}`;
}

function Member({ name, one, other }) {
  if (one === other) return null;
  return html`<p>${name}: ${quoted(one)} in this version, ${quoted(other)} at present.</p>`;
}

function Lines({ lines }) {
  return html`<p>Lines with − are in this version alone, and those with + in the present one alone.</p>
    <pre class="source" role="region" aria-label="The lines that differ" tabindex="0">
${lines.map(({ kind, line }) =>
        kind === "gap" ? "⋯\n" : html`<${ELEMENTS[kind]}>${SIGNS[kind]} ${line}${"\n"}</${ELEMENTS[kind]}>`,
      )}</pre
    >`;
}

function quoted(text) {
  return text === "" ? "nothing" : `“${text}”`;
}

/** The name of a person whom the service may not know any more. */
export function nameOf(person) {
  return person?.username ?? "somebody who has no account here any more";
}
