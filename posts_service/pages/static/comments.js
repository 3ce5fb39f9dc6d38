// The comments on a post, as a person can read, answer, change, delete and report them.

import { call, ifMatch, withReason } from "./api.js";
import { confirmed } from "./dialogs.js";
import { html, Sanitized } from "./html.js";
import { counted, Day, SAY_WHY } from "./parts.js";
import { attempt, ignoring, report } from "./post_acts.js";
import { reasonFor } from "./reasons.js";

const FOR_EVER = "This cannot be undone.";
const BEGINNING_CHARACTERS = 40;

/** The list, with what each comment lets this person do. `writing` is the comment that they are writing. */
export function Comments({ reading, person, writing, say }) {
  const { post, comments, next, added } = reading;
  const item = (comment) => html`<${Item} key=${comment.id} ...${{ comment, reading, person, writing, say }} />`;
  async function more() {
    const shown = comments.length;
    await reading.more();
    focusComment(reading.comments[shown]?.id);
  }
  return html`<h2 id="comments-title" tabindex="-1">${counted(post.comments, "comment")}</h2>
    <ol class="comments">
      ${comments.map(item)}
    </ol>
    ${next !== null && html`<p><button type="button" class="second" onClick=${more}>More comments</button></p>`}
    ${added.length > 0 && html`<ol class="comments" aria-label="Written by you just now">${added.map(item)}</ol>`}`;
}

function Item({ comment, ...context }) {
  const { id, parent_id: parentId, is_removed: isRemoved, author, version } = comment;
  return html`<li id=${`comment-${id}`} class=${parentId === null ? "" : "answer"} tabindex="-1">
    ${isRemoved
      ? html`<p class="quiet">This comment was removed.</p>`
      : html`<p class="byline">
            <a href=${`/?author=${author.id}`} rel="author">${author.username}</a> · <${Day} at=${comment.created_at} />
            ${version > 1 && " · changed"}
          </p>
          <${Sanitized} class="text" text=${comment.html} />
          ${context.person !== null && html`<${CommentActs} comment=${comment} ...${context} />`}`}
  </li>`;
}

function CommentActs({ comment, ...context }) {
  const { reading, person, writing } = context;
  const isOwn = comment.author.id === person.id;
  const isOnOwnPost = reading.post.author.id === person.id;
  const mayDelete = isOwn || isOnOwnPost || person.permissions.includes("comment:delete_any");
  const isOpen = reading.post.state === "published";
  const act = (name, onClick) => {
    const label = `${name} ${named(comment)}`;
    return html`<button type="button" class="link" aria-label=${label} onClick=${onClick}>${name}</button>`;
  };
  return html`<div class="row">
    ${isOpen && comment.parent_id === null && act("Answer", () => writing.begin("answer", comment))}
    ${isOpen && isOwn && act("Edit", () => writing.begin("edit", comment))}
    ${mayDelete && act("Delete", () => deleteComment(comment, isOwn || isOnOwnPost, context))}
    ${!isOwn && act("Report", () => report(`/comments/${comment.id}`, "Report this comment?", context))}
  </div>`;
}

/** Which comment it is, in words. */
export function named({ author, body }) {
  const [line] = body.trim().split("\n");
  const beginning = line.length > BEGINNING_CHARACTERS ? `${line.slice(0, BEGINNING_CHARACTERS)}…` : line;
  return `the comment “${beginning}” by ${author.username}`;
}

async function deleteComment(comment, isOwnersChoice, { reading, person, say }) {
  const reason = isOwnersChoice
    ? (await confirmed("Delete this comment?", FOR_EVER, "Delete")) && ""
    : await reasonFor(`delete comment ${comment.id}`, "Delete this comment?", `${SAY_WHY} ${FOR_EVER}`, "Delete");
  if (reason === false || reason === null) return;
  const path = withReason(`/comments/${comment.id}`, reason);
  const isDone = await attempt(person, reading, () =>
    call("DELETE", path, { headers: ifMatch(comment.version) }).catch(ignoring(404)),
  );
  if (!isDone) return;
  await reading.replace(comment.id, null);
  document.getElementById("comments-title")?.focus();
  say("The comment is deleted.");
}

/** Lead the person to a comment. */
export function focusComment(id) {
  document.getElementById(`comment-${id}`)?.focus();
}
