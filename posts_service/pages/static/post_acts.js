// What people do with a post: like it, report it, change and delete it. What is not shown to somebody is also refused by
// the API, which alone decides.

import { call } from "./api.js";
import { confirmed, reasonFor, tell } from "./dialogs.js";
import { html, useState } from "./html.js";
import { signedInPerson, signInPath } from "./session.js";

const RECORDED = "It is somebody else's. Say why: the reason is recorded.";

/** The buttons below a post. `say(text)` tells the person what has been done. */
export function PostActs({ reading, person, say }) {
  const { post } = reading;
  if (person === null) {
    return html`<p class="quiet">
      ${counted(post.likes, "like", "likes")}. <a href=${signInPath()} rel="nofollow">Sign in</a> to like this post.
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
  return html`<button type="button" class="second" aria-pressed=${String(isLiked)} aria-disabled=${!isRead} onClick=${toggle}>
      Like
    </button>
    <span class="quiet">${counted(post.likes, "like", "likes")}</span>`;
}

async function deletePost({ reading, person, isOwn }) {
  const { id, version } = reading.post;
  const reason = isOwn
    ? (await confirmed("Delete this post?", "Its comments go with it. This cannot be undone.", "Delete")) && ""
    : await reasonFor("Delete this post?", `${RECORDED} Its comments go with it. This cannot be undone.`, "Delete");
  if (reason === false || reason === null) return;
  await attempt(person, reading, async () => {
    await call("DELETE", withReason(`/posts/${id}`, reason), { headers: { "If-Match": `"${version}"` } }).catch(unless(404));
    location.assign("/");
  });
}

async function unpublish({ reading, person, say }) {
  const { id, version } = reading.post;
  const text = "Nobody but its author and moderators will see it. The author sees the reason, which is recorded.";
  const reason = await reasonFor("Unpublish this post?", text, "Unpublish");
  if (reason === null) return;
  await attempt(person, reading, async () => {
    const headers = { "If-Match": `"${version}"` };
    // If the answer to the first request was lost, another one finds the post unpublished.
    await call("POST", `/posts/${id}/unpublish`, { body: { reason }, headers }).catch(unless(409));
    say("The post is unpublished.");
    await reading.refresh();
  });
}

async function reportPost({ reading, person, say }) {
  await report(`/posts/${reading.post.id}`, "Report this post?", { reading, person, say });
}

/** Ask what is wrong with a post or a comment, and tell the moderators. */
export async function report(path, title, { reading, person, say }) {
  const reason = await reasonFor(title, "Tell the moderators what is wrong with it.", "Report");
  if (reason === null) return;
  await attempt(person, reading, async () => {
    const { status } = await call("POST", `${path}/reports`, { body: { reason } });
    say(status === 201 ? "Thank you. The moderators will look at it." : "The moderators have your report already.");
  });
}

/** Do something as this person, and tell what it is refused for. Whether it is done. */
export async function attempt(person, reading, act) {
  // A dialog can stay open while somebody else signs in.
  if (signedInPerson()?.id !== person?.id) return false;
  try {
    await act();
    return true;
  } catch (error) {
    if (error.status === undefined) throw error;
    // `call` has told these.
    if (![401, 403, 429].includes(error.status)) await tell("This did not work", error.errors[0]?.detail ?? error.message);
    await reading.refresh();
    return false;
  }
}

/** What swallows a refusal with this status, and throws any other one again. */
export function unless(status) {
  return (error) => {
    if (error.status !== status) throw error;
  };
}

export function withReason(path, reason) {
  return reason === "" ? path : `${path}?reason=${encodeURIComponent(reason)}`;
}

export function counted(number, one, many) {
  return `${number} ${number === 1 ? one : many}`;
}
