// A file with everything that a person has here.

import { html, useLayoutEffect, useState } from "./html.js";
import { messageOf } from "./requests.js";

const END = '{"type":"end"}\n';
const NAME = "posts.ndjson";
const BROKEN_OFF = "The export was cut off before its end. Please try again.";

/** The button that begins an export, and then the link that saves it. The browser keeps the file until the person
 * leaves the page or signs out. */
export function Export({ ask }) {
  const [file, setFile] = useState(null);
  const [message, say] = useState("");
  useLayoutEffect(() => () => file && URL.revokeObjectURL(file), [file]);
  const begin = async () => {
    setFile(null);
    say("The export is being made…");
    const { blob, trouble } = await exported(ask);
    if (blob !== null) setFile(URL.createObjectURL(blob));
    say(blob === null ? trouble : "The export is ready.");
  };
  return html`<button type="button" class="second" onClick=${begin}>Export everything</button>
    <span role="status">${message}</span>
    ${file !== null && html`<a href=${file} download=${NAME}>Save ${NAME}</a>`}`;
}

/** The export, if it is whole, or what to say. It ends early if the connection breaks, or the session ends. */
async function exported(ask) {
  try {
    const { body } = await ask("GET", "/me/posts/export", { as: "blob" });
    const isWhole = (await body.slice(-END.length).text()) === END;
    return isWhole ? { blob: body, trouble: "" } : { blob: null, trouble: BROKEN_OFF };
  } catch (error) {
    return { blob: null, trouble: error instanceof TypeError ? BROKEN_OFF : messageOf(error) };
  }
}
