// Reasons and notes that people type into dialogs. If the service then wants a further sign-in, what they typed is kept,
// and is in the same dialog again when they have come back.

import { beforeSigningInAgain } from "./api.js";
import { textFrom } from "./dialogs.js";
import { signedInPerson } from "./session.js";
import { hasTexts, openText } from "./texts.js";

// A dialog opens after so long at the latest: without what was kept, if the service does not answer.
const PATIENCE_MILLISECONDS = 2_000;

// What was typed last, and for what act on which thing.
let latest = null;
// A person who presses a button twice is asked once.
let isLooking = false;

/** The text that the person gives as the reason, or null if they change their mind. `place` names the act and what it is
 * about. */
export function reasonFor(place, title, text, action) {
  return answerTo(place, title, text, action, { label: "Reason", required: true });
}

/** The text that the person adds to what they do, which may be empty, or null if they change their mind. */
export function noteFor(place, title, text, action) {
  return answerTo(place, title, text, action, { label: "Note", required: false });
}

async function answerTo(place, title, text, action, field) {
  if (isLooking) return null;
  isLooking = true;
  const person = signedInPerson();
  const kept = hasTexts() ? await openIfPossible(place) : null;
  isLooking = false;
  const answer = await textFrom(title, text, action, { ...field, typed: kept?.content?.typed ?? "" });
  latest = answer === null ? null : { place, typed: answer };
  // The dialog also closes when the session ends, which is no answer: the text is there again after the next sign-in.
  if (signedInPerson()?.id === person?.id) await kept?.write(null);
  await kept?.close();
  return answer;
}

/** The text of this place; null if the service does not give the key to it in time. */
function openIfPossible(place) {
  const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  // The key may need another access token, which does not heed the signal.
  const late = new Promise((resolve) => signal.addEventListener("abort", () => resolve(null)));
  return Promise.race([openText(place, signal).catch(() => null), late]);
}

beforeSigningInAgain(async () => {
  if (latest === null) return;
  const { place, typed } = latest;
  const text = await openIfPossible(place);
  await text?.write({ typed });
  await text?.close();
});
