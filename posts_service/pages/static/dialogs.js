// Questions and messages, each in the browser's own dialog, which keeps the focus and is left by Escape.

import { html, render } from "./html.js";
import { onPerson, signInPath } from "./session.js";

let lastId = 0;

/** Show a message. Resolves when the person has closed it. */
export async function tell(title, text) {
  await open(title, html`<p>${text}</p>`, html`<button value="read" autofocus>Close</button>`);
}

/** Ask a question. Resolves to whether the person has pressed the button named `action`. */
export async function confirmed(title, text, action) {
  const { answer } = await open(title, html`<p>${text}</p>`, choices(action));
  return answer === "act";
}

/** The text that the person types, or null if they change their mind. `typed` is in the field at first. */
export async function textFrom(title, text, action, { label, required, typed }) {
  const body = html`<p>${text}</p>
    <div class="field">
      <label for="answer">${label}</label>
      <textarea id="answer" name="answer" rows="3" maxlength="500" required=${required} defaultValue=${typed} autofocus></textarea>
    </div>`;
  const { answer, form } = await open(title, body, choices(action));
  return answer === "act" ? form.get("answer").trim() : null;
}

/** Which of two texts the person keeps: `mine`, `theirs`, or null if they decide later. */
export async function choiceBetween(title, text, mine, theirs) {
  const body = html`<p>${text}</p>
    <div class="both">
      <section><h3>Yours</h3><pre tabindex="0">${mine}</pre></section>
      <section><h3>The other one</h3><pre tabindex="0">${theirs}</pre></section>
    </div>`;
  const buttons = html`<button value="mine">Keep yours</button>
    <button value="theirs" class="second">Take the other one</button>
    <button value="" class="second" formnovalidate>Decide later</button>`;
  const { answer } = await open(title, body, buttons);
  return answer === "mine" || answer === "theirs" ? answer : null;
}

let signInDialog = null;

/** Ask the person to sign in, which leads back to this page. One question at a time. */
export function askToSignIn() {
  signInDialog ??= open(
    "Please sign in",
    html`<p>Your session has ended. What you were writing is kept: you find it here when you have signed in again.</p>
      <p><a class="button" href=${signInPath()} autofocus>Sign in</a></p>`,
    html`<button value="" class="second">Not now</button>`,
  ).finally(() => (signInDialog = null));
  return signInDialog;
}

/** Ask the person to sign in once more, as strongly or as recently as `needs` says, which leads back to this page. */
export function askToSignInAgain(needs) {
  signInDialog ??= open(
    "Please sign in once more",
    html`<p>This needs a more recent or a stronger sign-in than yours. What you typed is kept: you find it again when you
      come back and begin the same.</p>
      <p><a class="button" href=${signInPath(needs)} autofocus>Sign in once more</a></p>`,
    html`<button value="" class="second">Not now</button>`,
  ).finally(() => (signInDialog = null));
  return signInDialog;
}

function choices(action) {
  return html`<button value="act">${action}</button>
    <button value="" class="second" formnovalidate>Cancel</button>`;
}

/** Show a dialog until the person closes it, or until another person, or nobody, is signed in. Resolves to `{answer,
 * form}`, where `answer` is the value of the button; it is empty if no button was pressed. */
function open(title, body, buttons) {
  const holder = document.createElement("div");
  const id = `dialog-${++lastId}`;
  document.body.append(holder);
  render(
    html`<dialog aria-labelledby=${id}>
      <form method="dialog">
        <h2 id=${id}>${title}</h2>
        ${body}
        <div class="choices">${buttons}</div>
      </form>
    </dialog>`,
    holder,
  );
  const dialog = holder.querySelector("dialog");
  const stopListening = onPerson(() => dialog.close());
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      stopListening();
      resolve({ answer: dialog.returnValue, form: new FormData(dialog.querySelector("form")) });
      render(null, holder);
      holder.remove();
    });
    dialog.showModal();
  });
}
