// Restoring a former version of a post.

import { ifMatch, withReason } from "./api.js";
import { choiceBetween } from "./dialogs.js";
import { reasonFor } from "./reasons.js";
import { messageOf } from "./requests.js";

/** The post and its version as they are now. */
export async function readPresent({ id, ask }) {
  const { body: post } = await ask("GET", `/posts/${id}`, { isQuiet: true });
  const { body: version } = await ask("GET", `/posts/${id}/versions/${post.version}`, { isQuiet: true });
  return { post, version };
}

/** The version with its text; null if it cannot be read, which is said. */
export async function readVersion(number, { id, ask, say }) {
  try {
    return (await ask("GET", `/posts/${id}/versions/${number}`)).body;
  } catch (error) {
    say(messageOf(error));
    return null;
  }
}

/** Restore a version, and tell what has come of it. Somebody who restores another person's post gives a reason. If the
 * post has changed since it was read, the person sees both texts and chooses. Resolves to whether the person has
 * decided, and no request was refused. */
export async function restore(version, present, tools) {
  const reason = await reasonToRestore(present.post, tools.person);
  if (reason === null) return false;
  try {
    await restoreUntilDecided(version, present.post.version, reason, tools);
    return true;
  } catch (error) {
    tools.say(messageOf(error));
    return false;
  }
}

async function restoreUntilDecided(version, seen, reason, tools) {
  const { id, ask, say } = tools;
  const path = withReason(`/posts/${id}/versions/${version.version}/restore`, reason);
  try {
    const { body } = await ask("POST", path, { headers: ifMatch(seen) });
    return say(done(version, body.version));
  } catch (error) {
    if (error.status !== 412) throw error;
  }
  const present = await readPresent(tools);
  // The request may have been sent twice, because its first answer was lost.
  if (isSame(version, present.version)) return say(done(version, present.version.version));
  const choice = await choiceBetween(
    "The post has changed",
    `It has changed since you read it. “Yours” is version ${version.version}, which you wanted to restore.`,
    version.body,
    present.version.body,
  );
  if (choice === "mine") return restoreUntilDecided(version, present.version.version, reason, tools);
  say("Nothing was restored: the post stays as it was changed meanwhile.");
}

/** The reason that the person gives, empty for their own post; null if they change their mind. */
async function reasonToRestore(post, person) {
  if (post.author.id === person.id) return "";
  const text = `The post is by ${post.author.username}. Say why: your reason is recorded.`;
  return reasonFor(`restore post ${post.id}`, "Restore this version?", text, "Restore");
}

function done(version, number) {
  return `Version ${version.version} is restored, as version ${number}.`;
}

/** Whether both versions have the same title, text, summary and tags. */
function isSame(version, other) {
  const words = ({ title, body, summary, tags }) => JSON.stringify([title, body, summary, tags]);
  return words(version) === words(other);
}
