// The page on which a post is written or changed.

import { confirmed } from "./dialogs.js";
import { Field } from "./fields.js";
import { html, useEffect, useReducer, useRef, useState } from "./html.js";
import { showToPerson } from "./person_app.js";
import { Preview } from "./preview.js";
import { openWriting } from "./writing.js";

const app = document.getElementById("app");

/** The editor of one person. Whoever comes after them has an editor of their own. */
function Editor({ person, signal }) {
  const [, redraw] = useReducer((count) => count + 1, 0);
  const [trouble, setTrouble] = useState("Loading …");
  const writing = useRef(null);

  useEffect(() => {
    const begin = (opened) => {
      if (signal.aborted) return opened.close();
      writing.current = opened;
      setTrouble("");
    };
    openWriting(person, app.dataset.slug, redraw, signal).then(begin, (error) => setTrouble(reasonOf(error)));
    return () => writing.current?.close();
  }, []);
  useEffect(() => {
    const warn = (event) => writing.current?.isFull && event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, []);

  if (writing.current === null) return html`<p role="status">${trouble}</p>`;
  return html`<${Form} writing=${writing.current} />`;
}

function reasonOf(error) {
  if (error.status === 404) return "There is no such post, or it is not yours to see.";
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
      <${Standing} writing=${writing} />
      <${Field} ...${field("title")} label="Title" required maxlength="200" autocomplete="off" />
      <${Field} ...${field("body")} label="Text" type="textarea" rows="16" hint="Markdown" />
      <${Field} ...${field("summary")} label="Summary" maxlength="280" autocomplete="off"
        hint="What lists show. Without one, it is the beginning of the text." />
      <${Field} ...${field("tags")} label="Tags" autocomplete="off" hint="With commas between them" />
      ${isDraft && !isOthers && html`<${Field} ...${field("publishAt")} label="Publish at" type="datetime-local"
        hint="If it is to be published later" />`}
      <${Status} writing=${writing} />
      <${Acts} writing=${writing} />
    </form>
    <${Preview} markdown=${fields.body} />
  </div>`;
}

/** What is special about this post. */
function Standing({ writing: { post, isOthers } }) {
  if (isOthers) return html`<p class="notice">This post is somebody else's. You change it as a moderator.</p>`;
  if (post?.isScheduled) return html`<p class="notice">It is going to be published at the time below.</p>`;
  if (post?.state !== "unpublished") return null;
  return html`<p class="notice">A moderator has unpublished this post: ${post.reason}</p>`;
}

function Status({ writing }) {
  const text = writing.isWaiting
    ? "The service cannot be reached. Your text is kept in this browser, and is sent as soon as that changes."
    : writing.notice;
  return html`<p role="status" class="quiet">${text}</p>
    ${writing.isFull && html`<p role="alert" class="flaw">
      Your browser has no room to keep this text. Do not close this page before it is saved, or copy your text.
    </p>`}
    ${writing.conflict !== null && html`<p class="notice">
      This post has changed since you read it.
      <button type="button" class="link" onClick=${() => writing.resolve()}>Show both versions</button>
    </p>`}`;
}

function Acts({ writing }) {
  const { fields, isDraft, isBusy } = writing;
  const button = (label, act, kind) =>
    html`<button type="button" class=${kind} aria-disabled=${isBusy} onClick=${act}>${label}</button>`;
  return html`<div class="row">
    ${isDraft && fields.publishAt === "" && button("Publish", () => leaveAfter(writing, "publish"))}
    ${isDraft && fields.publishAt !== "" && button("Schedule", () => stayAfter(writing, "schedule"))}
    ${isDraft && button("Save draft", () => stayAfter(writing, "draft"), "second")}
    ${!isDraft && button("Save changes", () => leaveAfter(writing, "change"))}
    ${button("Discard", () => discard(writing), "second")}
  </div>`;
}

async function stayAfter(writing, act) {
  if (!(await writing.act(act))) focusFlaw();
}

/** Send the post, and show it to its writer as readers see it. */
async function leaveAfter(writing, act) {
  if (await writing.act(act)) location.assign(writing.post.state === "published" ? `/p/${writing.post.slug}` : "/mine");
  else focusFlaw();
}

function focusFlaw() {
  requestAnimationFrame(() => app.querySelector("[aria-invalid]")?.focus());
}

async function discard(writing) {
  const { isDraft, post } = writing;
  const what = isDraft && post !== null ? "The draft is deleted." : "What you have changed here is forgotten.";
  if (!(await confirmed("Discard it?", what, "Discard")) || !(await writing.discard())) return;
  location.assign(isDraft ? "/mine" : `/p/${post.slug}`);
}

showToPerson(Editor, "what you were writing");
