// The form in which people write comments.

import { html } from "./html.js";
import { signInPath } from "./session.js";
import { TEXT_IS_NOT_KEPT, TEXT_WAITS } from "./waiting.js";

const LONGEST = 5_000;
const FORMS = {
  comment: { label: () => "Your comment", action: "Publish comment" },
  answer: { label: (name) => `Your answer to ${name}`, action: "Publish answer" },
  edit: { label: (name) => `Change ${name}`, action: "Save comment" },
};

export function CommentForm({ writing, person }) {
  if (person === null) return html`<p><a href=${signInPath()} rel="nofollow">Sign in</a> to comment.</p>`;
  if (!writing.isOpen) return html`<p class="quiet">${writing.notice || "Loading…"}</p>`;
  const { content, flaw, isBusy } = writing;
  const { label, action } = FORMS[content.kind];
  function send(event) {
    event.preventDefault();
    writing.send();
  }
  return html`<form onSubmit=${send}>
    <div class="field">
      <label for="comment-body">${label(content.comment?.name)}</label>
      <p id="comment-hint" class="hint">You can use Markdown.</p>
      ${flaw !== "" && html`<p id="comment-flaw" class="flaw" role="alert">${flaw}</p>`}
      <textarea
        id="comment-body"
        rows="4"
        maxlength=${LONGEST}
        required
        readonly=${isBusy}
        aria-describedby=${flaw === "" ? "comment-hint" : "comment-hint comment-flaw"}
        aria-invalid=${flaw === "" ? undefined : "true"}
        value=${content.body}
        onInput=${(event) => writing.type(event.target.value)}
      />
    </div>
    <p role="status">${statusOf(writing)}</p>
    <div class="row">
      <button aria-disabled=${isBusy}>${action}</button>
      ${content.kind !== "comment" &&
      html`<button type="button" class="second" onClick=${() => writing.cancel()}>Cancel</button>`}
    </div>
  </form>`;
}

function statusOf({ notice, isBusy, isWaiting, isUnkept }) {
  if (isWaiting) return TEXT_WAITS;
  if (isBusy) return "Sending…";
  if (isUnkept) return TEXT_IS_NOT_KEPT;
  return notice;
}
