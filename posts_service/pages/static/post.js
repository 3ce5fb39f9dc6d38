// The page of a post: what people who are signed in can do, and what changes while it is open.

import { CommentForm } from "./comment_form.js";
import { CommentWriting } from "./comment_writing.js";
import { Comments, When } from "./comments.js";
import { html, render, Sanitized } from "./html.js";
import { follow, onEvent } from "./live.js";
import { PostActs } from "./post_acts.js";
import { PostReading } from "./post_reading.js";
import { onPerson, signedInPerson } from "./session.js";

const [article, text, acts, list, form] = ["post", "post-text", "post-acts", "comments-list", "comment-form"].map((id) =>
  document.getElementById(id),
);
const [site] = document.title.split(" – ").slice(-1);
const taken = new Set();
let shownVersion = Number(article.dataset.version);
let isShownGone = false;

const reading = new PostReading(served(article.dataset), new URLSearchParams(location.search).get("comments"), show);
const writing = new CommentWriting(reading, show, sayer("comments-news"));

function served({ id, slug, author, etag, version, likes, comments }) {
  const counts = { version: Number(version), likes: Number(likes), comments: Number(comments) };
  return { id, slug, author: { id: author }, state: "published", etag, ...counts };
}

/** What says something in a region that is read out. */
function sayer(id) {
  return (words) => put(document.getElementById(id), html`<p class="notice">${words}</p>`);
}

/** Put something in the place of what was served there. */
function put(place, content) {
  if (!taken.has(place)) place.replaceChildren();
  taken.add(place);
  render(content, place);
}

function show() {
  const person = signedInPerson();
  showText();
  if (reading.isGone) for (const place of [acts, list]) put(place, null);
  else showLists(person);
  // What somebody is typing stays where it is.
  if (!reading.isGone || writing.content.body !== "") put(form, html`<${CommentForm} ...${{ writing, person }} />`);
  else put(form, null);
}

function showLists(person) {
  const say = sayer("post-news");
  put(acts, html`<${PostActs} ...${{ reading, person, say }} />`);
  if (reading.comments === null) return;
  put(list, html`<${Comments} ...${{ reading, person, writing, say: sayer("comments-news") }} />`);
}

function showText() {
  const { post, isGone, isRead } = reading;
  if (isGone && !isShownGone) {
    put(text, html`<h1>This post is not public</h1><p>It was unpublished or deleted. <a href="/">All posts</a></p>`);
    sayer("post-news")("This post is not public any more.");
  } else if (isRead && (post.version > shownVersion || isShownGone)) {
    put(text, html`<${PostText} post=${post} />`);
    document.title = `${post.title} – ${site}`;
    // A change of the title can change the address.
    history.replaceState(history.state, "", `/p/${post.slug}${location.search}${location.hash}`);
    if (post.state === "published") sayer("post-news")("The post has changed. You see what it says now.");
  }
  isShownGone = isGone;
  if (isRead) shownVersion = post.version;
}

function PostText({ post }) {
  const isChanged = post.updated_at > post.published_at;
  return html`${post.state !== "published" && html`<${Hidden} post=${post} />`}
    <h1>${post.title}</h1>
    <p class="byline">
      <a href=${`/?author=${post.author.id}`} rel="author">${post.author.username}</a> · <${When} at=${post.published_at} />
      ${isChanged && html` · changed <${When} at=${post.updated_at} />`}
    </p>
    <${Sanitized} class="text" text=${post.html} />
    ${post.tags.length > 0 && html`<ul class="tags" aria-label="Tags">
      ${post.tags.map((tag) => html`<li key=${tag}><a href=${`/?tag=${encodeURIComponent(tag)}`} rel="tag">${tag}</a></li>`)}
    </ul>`}`;
}

/** That others do not see it, for those who do. */
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
onEvent((name, data) => reading.hear(name, data));
follow({ anonymously: true });
