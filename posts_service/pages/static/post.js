// The page of a post: what people who are signed in can do, and what changes while it is open.

import { CommentForm } from "./comment_form.js";
import { CommentWriting } from "./comment_writing.js";
import { Comments } from "./comments.js";
import { html, render, Sanitized } from "./html.js";
import { follow, onEvent } from "./live.js";
import { Day } from "./parts.js";
import { PostActs } from "./post_acts.js";
import { PostReading } from "./post_reading.js";
import { onPerson, signedInPerson } from "./session.js";

const [article, text, acts, list, form] = ["post", "post-text", "post-acts", "comments-list", "comment-form"].map((id) =>
  document.getElementById(id),
);
const [site] = document.title.split(" – ").slice(-1);
const cleared = new Set();
let shownVersion = Number(article.dataset.version);
let isShownGone = false;

const reading = new PostReading(served(article.dataset), new URLSearchParams(location.search).get("comments"), show);
const writing = new CommentWriting(reading, show, announcer("comments-news"));

function served({ id, slug, author, etag, version, likes, comments }) {
  const counts = { version: Number(version), likes: Number(likes), comments: Number(comments) };
  return { id, slug, author: { id: author }, state: "published", etag, ...counts };
}

/** The function that shows words in the live region with this id, which screen readers read out. */
function announcer(id) {
  return (words) => renderInto(document.getElementById(id), html`<p class="notice">${words}</p>`);
}

/** Render something into an element, instead of what the service has put there. */
function renderInto(place, content) {
  if (!cleared.has(place)) place.replaceChildren();
  cleared.add(place);
  render(content, place);
}

function show() {
  const person = signedInPerson();
  showText();
  if (reading.isGone) for (const place of [acts, list]) renderInto(place, null);
  else showLists(person);
  // What somebody is typing stays where it is.
  const hasForm = !reading.isGone || writing.content.body !== "";
  renderInto(form, hasForm ? html`<${CommentForm} ...${{ writing, person }} />` : null);
}

function showLists(person) {
  const say = announcer("post-news");
  renderInto(acts, html`<${PostActs} ...${{ reading, person, say }} />`);
  if (reading.comments === null) return;
  renderInto(list, html`<${Comments} ...${{ reading, person, writing, say: announcer("comments-news") }} />`);
}

function showText() {
  const { post, isGone, isRead } = reading;
  if (isGone && !isShownGone) {
    renderInto(text, html`<${Gone} />`);
    announcer("post-news")("This post is not public any more.");
  } else if (isRead && (post.version > shownVersion || isShownGone)) {
    renderInto(text, html`<${PostText} post=${post} />`);
    document.title = `${post.title} – ${site}`;
    // A change of the title can change the address.
    history.replaceState(history.state, "", `/p/${post.slug}${location.search}${location.hash}`);
    if (post.state === "published") announcer("post-news")("The post has changed. You see what it says now.");
  }
  isShownGone = isGone;
  if (isRead) shownVersion = post.version;
}

function Gone() {
  return html`<h1>This post is not public</h1>
    <p>It was unpublished or deleted, or is a draft again. <a href="/">All posts</a></p>`;
}

function PostText({ post }) {
  const isChanged = post.updated_at > post.published_at;
  return html`${post.state !== "published" && html`<${Hidden} post=${post} />`}
    <h1>${post.title}</h1>
    <p class="byline">
      <a href=${`/?author=${post.author.id}`} rel="author">${post.author.username}</a> · <${Day} at=${post.published_at} />
      ${isChanged && html` · changed <${Day} at=${post.updated_at} />`}
    </p>
    <${Sanitized} class="text" text=${post.html} />
    ${post.tags.length > 0 && html`<ul class="tags" aria-label="Tags">
      ${post.tags.map((tag) => html`<li key=${tag}><a href=${`/?tag=${encodeURIComponent(tag)}`} rel="tag">${tag}</a></li>`)}
    </ul>`}`;
}

/** Why others do not see the post. */
function Hidden({ post }) {
  if (post.state === "draft") return html`<p class="notice">This is a draft: only you see it.</p>`;
  return html`<p class="notice">A moderator has unpublished this post: ${post.unpublished_reason}</p>`;
}

function showTo(person) {
  reading.showToPerson();
  writing.showTo(person);
}

onPerson(showTo);
if (signedInPerson() !== null) showTo(signedInPerson());
onEvent((name, data) => reading.onEvent(name, data));
follow({ anonymously: true });
