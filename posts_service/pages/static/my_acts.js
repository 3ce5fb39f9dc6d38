// What a person does to their own posts.

import { ifMatch } from "./api.js";
import { confirmed } from "./dialogs.js";
import { DELETING } from "./parts.js";
import { messageOf, refusalOf } from "./requests.js";

const PUBLICATION = { state: "published" };
const NO_SCHEDULE = { published_at: null };
const TAKEN_BACK = { state: "draft" };

/** What a person can do with a post of theirs. Each function calls `say` with the outcome. */
export function actsOn(post, { ask, lists, say, focus, onGone }) {
  const change = async (members, done) => {
    try {
      lists.put((await ask("PATCH", `/posts/${post.id}`, { body: members, headers: ifMatch(post.version) })).body);
      say(done);
    } catch (error) {
      say(outcome(error, await presentOf(error, lists, post), members, done));
    }
    // It may stand in another list, and has other buttons.
    focus(post.id);
  };
  return {
    publish: () => change(PUBLICATION, `“${post.title}” is published.`),
    cancel: () => change(NO_SCHEDULE, `“${post.title}” is not scheduled any more.`),
    takeBack: async () => {
      const text = "Only you can read a draft. Its comments and likes are shown again when you publish it again.";
      if (await confirmed(`Make “${post.title}” a draft?`, text, "Make it a draft")) {
        await change(TAKEN_BACK, `“${post.title}” is a draft.`);
      }
    },
    remove: () => remove(post, { ask, lists, say, onGone }),
  };
}

async function remove(post, { ask, lists, say, onGone }) {
  if (!(await confirmed(`Delete “${post.title}”?`, DELETING, "Delete"))) return;
  try {
    await ask("DELETE", `/posts/${post.id}`, { headers: ifMatch(post.version) });
  } catch (error) {
    // What is not there has been deleted, perhaps by the request whose answer was lost.
    if (error.code !== "post_not_found") return say(outcome(error, await presentOf(error, lists, post)));
  }
  onGone(post);
  lists.remove(post.id);
  say(`“${post.title}” is deleted.`);
}

/** The post as it is now, after a refusal that says that it may have changed; else null. */
async function presentOf(error, lists, post) {
  const refusal = refusalOf(error);
  return refusal !== null && [403, 404, 409, 412].includes(refusal.status) ? lists.refresh(post.id) : null;
}

/** What to say of an act that was refused. One that was sent twice, because its answer was lost, has been done. */
function outcome(error, present, members = {}, done = "") {
  if (error.status !== 412) return messageOf(error);
  if (present === null) return "The post is not there any more.";
  const isDone = done !== "" && Object.entries(members).every(([name, value]) => present[name] === value);
  if (isDone) return done;
  return `“${present.title}” has changed since you read it, and is shown as it is now. Nothing was done.`;
}
