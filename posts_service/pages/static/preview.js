// What a text will look like, made by the service while it is written.

import { call, waitInWords } from "./api.js";
import { Sanitized, html, useEffect, useState } from "./html.js";
import { sleepOrOnline } from "./waiting.js";

const PAUSE_MILLISECONDS = 400;
const AWAY = "The service cannot be reached at the moment. The preview waits for it.";

/** The preview of a text, which follows it when nothing is typed for a moment. */
export function Preview({ markdown }) {
  const [text, setText] = useState("");
  const [trouble, setTrouble] = useState("");

  useEffect(() => {
    const controller = new AbortController();
    const timer = setTimeout(() => {
      render(markdown, controller.signal, setTrouble).then(setText, (error) => {
        if (!controller.signal.aborted) setTrouble(error.message);
      });
    }, PAUSE_MILLISECONDS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [markdown]);

  return html`<section class="preview" aria-labelledby="preview">
    <h2 id="preview">Preview</h2>
    <p class="quiet" role="status">${trouble}</p>
    ${text === "" && html`<p class="quiet">What you write is shown here.</p>`}
    <${Sanitized} class="text" text=${text} />
  </section>`;
}

/** The text as HTML. `onTrouble` is called with the reason while it has to wait, and with an empty text afterwards. */
async function render(markdown, signal, onTrouble) {
  const onWaiting = (isWaiting) => onTrouble(isWaiting ? AWAY : "");
  const request = { body: { body: markdown }, signal, onWaiting, isQuiet: true };
  while (markdown.trim() !== "") {
    try {
      return (await call("POST", "/write/preview", request)).body.html;
    } catch (refused) {
      if (refused.status !== 429) throw refused.errors?.[0] ? new Error(refused.errors[0].detail) : refused;
      onTrouble(`Too many previews: the next one comes in ${waitInWords(refused.retryAfter)}.`);
      await sleepOrOnline((refused.retryAfter ?? 1) * 1_000, signal);
    }
  }
  onTrouble("");
  return "";
}
