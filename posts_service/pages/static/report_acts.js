// What a moderator decides about a report, and does to what is reported.

import { ifMatch, withReason } from "./api.js";
import { tell } from "./dialogs.js";
import { SAY_WHY, UNPUBLISHING } from "./parts.js";
import { noteFor, reasonFor } from "./reasons.js";
import { messageOf, refusalOf } from "./requests.js";
import { nameOf } from "./version.js";

const VERBS = { resolved: "Resolve", dismissed: "Dismiss" };
const MEANINGS = { resolved: "The report is right.", dismissed: "The report is wrong." };

/** Decide a report. If another moderator has decided it meanwhile, a dialog says so. */
export async function decide(report, state, tools) {
  const text = `${MEANINGS[state]} The decision is final. You can add a note for other moderators.`;
  const note = await noteFor(`${state} ${report.id}`, `${VERBS[state]} the report?`, text, VERBS[state]);
  if (note === null) return;
  try {
    const body = { state, note: note === "" ? null : note };
    const answer = await tools.ask("PATCH", `/moderation/reports/${report.id}`, { body });
    showDecided(answer.body, tools);
  } catch (error) {
    await afterRefusal(error, report, state, tools);
  }
}

async function afterRefusal(error, report, state, tools) {
  const refusal = refusalOf(error);
  if (refusal === null || ![404, 409].includes(refusal.status)) return tools.say(messageOf(error));
  const present = await readReport(tools.ask, report.id).catch((again) => tools.say(messageOf(again)));
  if (present === undefined) return;
  if (present === null) {
    tools.queue.put(new Map([[report.id, null]]));
    return tools.say("The report is not there any more: what it was about was deleted.");
  }
  // A request is sent twice if its answer was lost: then the decision is this moderator's own.
  const isOwn = present.decided_by?.id === tools.person.id && present.state === state;
  if (!isOwn) await tell("Another moderator has decided", decisionOf(present));
  showDecided(present, tools);
}

function showDecided(report, { queue, say }) {
  queue.put(new Map([[report.id, report]]));
  say(`The report is ${report.state}.`);
}

/** What was decided, as a sentence. */
export function decisionOf({ decided_by: moderator, state, note }) {
  const sentence = `${nameOf(moderator)} has ${state} the report`;
  return note === null ? `${sentence}.` : `${sentence}: ${note}`;
}

/** Hide the reported post from readers. */
export async function unpublish({ post }, tools) {
  const text = UNPUBLISHING;
  const reason = await reasonFor(`unpublish post ${post.id}`, `Unpublish “${post.title}”?`, text, "Unpublish");
  if (reason === null) return;
  const request = ["POST", `/posts/${post.id}/unpublish`, { body: { reason }, headers: ifMatch(post.version) }];
  await act(request, `“${post.title}” is unpublished.`, (report) => report.post.id === post.id, tools);
}

/** Delete the reported comment. */
export async function removeComment({ comment }, tools) {
  const text = `${SAY_WHY} This cannot be undone.`;
  const title = `Delete the comment of ${comment.author.username}?`;
  const reason = await reasonFor(`delete comment ${comment.id}`, title, text, "Delete");
  if (reason === null) return;
  const request = ["DELETE", withReason(`/comments/${comment.id}`, reason), { headers: ifMatch(comment.version) }];
  await act(request, "The comment is deleted.", (report) => report.comment?.id === comment.id, tools);
}

/** Send the request, and show what it has changed: the reports that `isMeant` selects. */
async function act(request, done, isMeant, { ask, say, queue }) {
  try {
    await ask(...request);
    say(done);
  } catch (error) {
    const hasChanged = [404, 409, 412].includes(refusalOf(error)?.status);
    say(hasChanged ? "It has changed since you read it, and is shown as it is now." : messageOf(error));
  }
  await queue.refresh(isMeant);
}

/** The report as it is now; null if it is gone with what it was about. */
export async function readReport(ask, id) {
  try {
    return (await ask("GET", `/moderation/reports/${id}`, { isQuiet: true })).body;
  } catch (error) {
    if (error.code === "report_not_found") return null;
    throw error;
  }
}
