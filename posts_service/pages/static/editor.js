// The page on which a post is written or changed.

import { confirmed } from "./dialogs.js";
import { Field } from "./fields.js";
import { html, useEffect, useReducer, useRef, useState } from "./html.js";
import { showToPerson } from "./person_app.js";
import { Preview } from "./preview.js";
import { TEXT_IS_NOT_KEPT, TEXT_WAITS } from "./waiting.js";
import { openWriting } from "./writing.js";

const app = document.getElementById("app");

/** The editor of one person. Another person who signs in gets another editor. */
function Editor({ person, signal }) {
  const [, redraw] = useReducer((count) => count + 1, 0);
  const [message, setMessage] = useState("Loading…");
  const writing = useRef(null);

  useEffect(() => {
    const begin = (opened) => {
      if (signal.aborted) return opened.close();
      writing.current = opened;
      setMessage("");
    };
    openWriting(person, presentSlug(), redraw, signal).then(begin, (error) => setMessage(messageOf(error)));
    return () => writing.current?.close();
  }, []);
  useEffect(() => {
    const warn = (event) => writing.current?.isUnkept && event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, []);

  if (writing.current === null) return html`<p role="status">${message}</p>`;
  return html`<${Form} writing=${writing.current} />`;
}

/** The slug of the post that the page is about now, which its address says: a new post gets one when it is saved. */
function presentSlug() {
  const [, slug] = /^\/p\/([^/]+)\/edit$/.exec(location.pathname) ?? [];
  return slug && decodeURIComponent(slug);
}

function messageOf(error) {
  if (error.status === 404) return "There is no such post, or you may not see it.";
  return error.message;
}

function Form({ writing }) {
  const { fields, flaws, isBusy, isDraft, isOthers } = writing;
  const field = (name) => ({
    name,
    value: fields[name],
    flaw: flaws[name],
    isLocked: isBusy,
    onType: (...typed) => writing.type(...typed),
  });
  return html`<div class="writing">
    <form novalidate onSubmit=${(event) => event.preventDefault()}>
      <${StateNotice} writing=${writing} />
      <${Field} ...${field("title")} label="Title" required maxlength="200" autocomplete="off" />
      <${Field} ...${field("body")} label="Text" type="textarea" rows="16" hint="You can use Markdown." />
      <${Field} ...${field("summary")} label="Summary" maxlength="280" autocomplete="off"
        hint="What lists show. If you leave it empty, they show the beginning of the text." />
      <${Field} ...${field("tags")} label="Tags" autocomplete="off" hint="With commas between them: engines, history" />
      ${isDraft && !isOthers && html`<${Field} ...${field("publishAt")} label="Publish at" type="datetime-local"
        hint="Leave it empty, unless the post is to be published later." />`}
      <${Status} writing=${writing} />
      <${Acts} writing=${writing} />
    </form>
    <${Preview} markdown=${fields.body} />
  </div>`;
}

/** That the post is somebody else's, scheduled or unpublished. */
function StateNotice({ writing: { post, isOthers } }) {
  if (isOthers) return html`<p class="notice">This post is somebody else's. You change it as a moderator.</p>`;
  if (post?.isScheduled) return html`<p class="notice">This draft will be published at the time below.</p>`;
  if (post?.state !== "unpublished") return null;
  return html`<p class="notice">A moderator has unpublished this post: ${post.reason}</p>`;
}

function Status({ writing }) {
  return html`<p role="status" class="quiet">${writing.isWaiting ? TEXT_WAITS : writing.notice}</p>
    ${writing.isUnkept && html`<p role="alert" class="flaw">${TEXT_IS_NOT_KEPT}</p>`}
    ${writing.conflict !== null && html`<p class="notice">
      This post has changed since you read it.
      <button type="button" class="link" onClick=${() => writing.resolve()}>Show both versions</button>
    </p>`}`;
}

function Acts({ writing }) {
  const { fields, post, isDraft, isBusy } = writing;
  const button = (label, act, kind) =>
    html`<button type="button" class=${kind} aria-disabled=${isBusy} onClick=${act}>${label}</button>`;
  const saving = post?.isScheduled ? "Cancel the schedule" : "Save draft";
  return html`<div class="row">
    ${isDraft && fields.publishAt === "" && button("Publish", () => leaveAfter(writing, "publish"))}
    ${isDraft && fields.publishAt !== "" && button("Schedule", () => stayAfter(writing, "schedule"))}
    ${isDraft && button(saving, () => stayAfter(writing, "draft"), "second")}
    ${!isDraft && button("Save changes", () => leaveAfter(writing, "change"))}
    ${button(isDraft && post !== null ? "Delete" : "Discard", () => discard(writing), "second")}
  </div>`;
}

async function stayAfter(writing, act) {
  if (!(await writing.act(act))) focusFlaw();
}

/** Send the post, and show it to its writer as readers see it. */
async function leaveAfter(writing, act) {
  if (await writing.act(act)) leaveTo(writing.post);
  else focusFlaw();
}

/** Show the post, or, if it is not public and so has no page, what else its writer has. */
function leaveTo(post) {
  location.assign(post?.state === "published" ? `/p/${post.slug}` : "/mine");
}

function focusFlaw() {
  requestAnimationFrame(() => app.querySelector("[aria-invalid]")?.focus());
}

async function discard(writing) {
  const { isDraft, post } = writing;
  const isStored = isDraft && post !== null;
  const wants = isStored
    ? await confirmed("Delete this draft?", "This cannot be undone.", "Delete")
    : await confirmed("Discard your text?", "What you have typed and not saved is lost.", "Discard");
  if (!wants || !(await writing.discard())) return;
  leaveTo(post);
}

showToPerson(Editor, "write, or to go on with what you were writing");
