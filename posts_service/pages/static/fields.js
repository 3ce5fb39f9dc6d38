// The fields of a form, each with its hint and with what is wrong with it.

import { html } from "./html.js";

/** A labelled field. `type` is that of an input, or `textarea`; `onType(name, value)` is called at each input. */
export function Field({ name, label, hint, flaw, type = "text", value, isLocked, onType, ...attributes }) {
  const described = [hint && `${name}-hint`, flaw && `${name}-flaw`].filter(Boolean).join(" ");
  const common = {
    ...attributes,
    id: name,
    name,
    value,
    readonly: isLocked,
    "aria-describedby": described || undefined,
    "aria-invalid": flaw ? "true" : undefined,
    onInput: (event) => onType(name, event.target.value),
  };
  return html`<div class="field">
    <label for=${name}>${label}</label>
    ${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}
    ${flaw && html`<p class="flaw" id="${name}-flaw">${flaw}</p>`}
    ${type === "textarea" ? html`<textarea ...${common}></textarea>` : html`<input type=${type} ...${common} />`}
  </div>`;
}
