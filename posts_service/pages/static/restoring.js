// Making a post what a former version of it was.

import { choiceBetween, reasonFor } from "./dialogs.js";
import { ifMatch, messageOf } from "./requests.js";

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

/** Whether it is decided what the post says. Who restores the post of somebody else gives a reason; and if it has
 * changed since it was read, the person sees both texts and decides. */
export async function restore(version, present, tools) {
  const query = await reasonQuery(present.post, tools.person);
  if (query === null) return false;
  try {
    await restoreUntilDecided(version, present.post.version, query, tools);
    return true;
  } catch (error) {
    tools.say(messageOf(error));
    return false;
  }
}

async function restoreUntilDecided(version, seen, query, tools) {
  const { id, ask, say } = tools;
  const path = `/posts/${id}/versions/${version.version}/restore${query}`;
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
    `It has changed since you read it. Yours is version ${version.version}, which you wanted to restore.`,
    version.body,
    present.version.body,
  );
  if (choice === "mine") return restoreUntilDecided(version, present.version.version, query, tools);
  say("Nothing was restored: the post is as somebody has changed it meanwhile.");
}

/** The query with the reason that acts on the posts of others need; null if the person changes their mind. */
async function reasonQuery(post, person) {
  if (post.author.id === person.id) return "";
  const text = `The post is one of ${post.author.username}. The reason is recorded.`;
  const reason = await reasonFor("Restore this version?", text, "Restore");
  return reason === null ? null : `?reason=${encodeURIComponent(reason)}`;
}

function done(version, number) {
  return `Version ${version.version} is restored, as version ${number}.`;
}

/** Whether both say the same. */
function isSame(version, other) {
  const words = ({ title, body, summary, tags }) => JSON.stringify([title, body, summary, tags]);
  return words(version) === words(other);
}
