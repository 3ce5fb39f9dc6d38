// What people do with a post: like it, report it, change and delete it. The API alone decides what is allowed.

import { call, ifMatch, isTold, withReason } from "./api.js";
import { confirmed, tell } from "./dialogs.js";
import { html, useState } from "./html.js";
import { counted, DELETING, SAY_WHY, UNPUBLISHING } from "./parts.js";
import { reasonFor } from "./reasons.js";
import { signedInPerson, signInPath } from "./session.js";

/** The buttons below a post. `say(text)` tells the person what has been done. */
export function PostActs({ reading, person, say }) {
  const { post } = reading;
  if (person === null) {
    return html`<p class="quiet">
      ${counted(post.likes, "like")}. <a href=${signInPath()} rel="nofollow">Sign in</a> to like this post.
    </p>`;
  }
  const isOwn = post.author.id === person.id;
  const may = (act) => isOwn || person.permissions.includes(`post:${act}_any`);
  const mayUnpublish = person.permissions.includes("post:unpublish_any") && post.state === "published";
  const acts = { reading, person, isOwn, say };
  return html`<div class="row">
    ${post.state === "published" && html`<${Like} ...${acts} />`}
    ${may("edit") && html`<a href=${`/p/${post.slug}/edit`}>Edit</a>`}
    ${mayUnpublish && html`<button type="button" class="link" onClick=${() => unpublish(acts)}>Unpublish</button>`}
    ${may("delete") && html`<button type="button" class="link" onClick=${() => deletePost(acts)}>Delete</button>`}
    ${!isOwn && html`<button type="button" class="link" onClick=${() => reportPost(acts)}>Report</button>`}
  </div>`;
}

function Like({ reading }) {
  const { post, isRead } = reading;
  const [isBusy, setIsBusy] = useState(false);
  async function toggle() {
    if (isBusy || !isRead) return;
    setIsBusy(true);
    await attempt(signedInPerson(), reading, async () => {
      const { body } = await call(post.liked ? "DELETE" : "PUT", `/posts/${post.id}/like`);
      reading.set({ post: { ...reading.post, ...body } });
    });
    setIsBusy(false);
  }
  const isLiked = isRead && post.liked;
  const state = { "aria-pressed": String(isLiked), "aria-disabled": !isRead };
  return html`<button type="button" class="second" ...${state} onClick=${toggle}>Like</button>
    <span class="quiet">${counted(post.likes, "like")}</span>`;
}

async function deletePost({ reading, person, isOwn }) {
  const { id, version } = reading.post;
  const reason = isOwn
    ? (await confirmed("Delete this post?", DELETING, "Delete")) && ""
    : await reasonFor(`delete post ${id}`, "Delete this post?", `${SAY_WHY} ${DELETING}`, "Delete");
  if (reason === false || reason === null) return;
  await attempt(person, reading, async () => {
    await call("DELETE", withReason(`/posts/${id}`, reason), { headers: ifMatch(version) }).catch(ignoring(404));
    location.assign("/");
  });
}

async function unpublish({ reading, person, say }) {
  const { id, version } = reading.post;
  const text = UNPUBLISHING;
  const reason = await reasonFor(`unpublish post ${id}`, "Unpublish this post?", text, "Unpublish");
  if (reason === null) return;
  await attempt(person, reading, async () => {
    // If the answer to the first request was lost, another one finds the post unpublished.
    await call("POST", `/posts/${id}/unpublish`, { body: { reason }, headers: ifMatch(version) }).catch(ignoring(409));
    say("The post is unpublished.");
    await reading.refresh();
  });
}

async function reportPost({ reading, person, say }) {
  await report(`/posts/${reading.post.id}`, "Report this post?", { reading, person, say });
}

/** Ask what is wrong with a post or a comment, and tell the moderators. */
export async function report(path, title, { reading, person, say }) {
  const reason = await reasonFor(`report ${path}`, title, "Tell the moderators what is wrong with it.", "Report");
  if (reason === null) return;
  await attempt(person, reading, async () => {
    const { status } = await call("POST", `${path}/reports`, { body: { reason } });
    say(status === 201 ? "Thank you. The moderators will look at it." : "The moderators have your report already.");
  });
}

/** Do something as this person. A refusal is told in a dialog, and the post is read again. Resolves to whether it was
 * done. */
export async function attempt(person, reading, act) {
  // A dialog can stay open while somebody else signs in.
  if (signedInPerson()?.id !== person?.id) return false;
  try {
    await act();
    return true;
  } catch (error) {
    if (error.status === undefined) throw error;
    if (!isTold(error)) await tell("This did not work", error.errors[0]?.detail ?? error.message);
    await reading.refresh();
    return false;
  }
}

/** A handler of errors that ignores a refusal with this status, and throws any other error again. */
export function ignoring(status) {
  return (error) => {
    if (error.status !== status) throw error;
  };
}
