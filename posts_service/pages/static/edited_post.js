// A post as the editor needs it: its fields, and the requests that read and write it.

import { call, withReason } from "./api.js";

/** The fields of the form of a post, as they are typed: tags with commas between them, and the local time at which the
 * post is to be published. */
export const BLANK = { title: "", body: "", summary: "", tags: "", publishAt: "" };

// The fields by the members of a request that they become.
const FIELDS = { title: "title", body: "body", summary: "summary", tags: "tags", published_at: "publishAt" };

/** The post has changed since it was read: `theirs` is what it is now. */
export class Conflict extends Error {
  constructor(theirs) {
    super("The post has changed.");
    this.theirs = theirs;
  }
}

/** The post with this slug: `{id, slug, etag, state, reason, authorId, isScheduled, fields}`, where `reason` is why a
 * moderator has unpublished it. The options of this function and of those below are those of `call`. */
export async function postWithSlug(slug, options) {
  return postAt(`/posts/by-slug/${encodeURIComponent(slug)}`, options);
}

/** The members of a request that change what the post says. */
export function membersOf({ title, body, summary, tags }) {
  const names = tags.split(",").map((tag) => tag.trim());
  return { title, body, summary: summary.trim() || null, tags: names.filter((name) => name !== "") };
}

/** The members of a request that change whether the post is public. `act` is `publish`, `schedule`, or `draft`, which
 * takes a schedule back. */
export function publicationOf(act, { publishAt }, post) {
  if (act === "publish") return { state: "published" };
  if (act === "schedule") return { published_at: new Date(publishAt).toISOString() };
  return act === "draft" && post.isScheduled ? { published_at: null } : {};
}

/** What is wrong with a post, from the errors of a refusal: `flaws` by the name of the field, and what concerns none of
 * them as `others`. */
export function flawsOf(errors) {
  const flaws = {};
  const others = [];
  for (const { pointer, detail } of errors) {
    const name = FIELDS[pointer.split("/")[2]];
    if (name === undefined) others.push(detail);
    else flaws[name] ??= detail;
  }
  return { flaws, others };
}

/** Whether two forms hold the same. */
export function isSame(fields, others) {
  return Object.keys(fields).every((name) => fields[name] === others[name]);
}

/** What the fields say, as one text to compare. */
export function textOf({ title, body, summary, tags }) {
  return [title, summary, tags, body].filter((part) => part !== "").join("\n\n");
}

/** Create a draft, once for each key. */
export async function createDraft({ key, members }, options) {
  const headers = { "Idempotency-Key": key };
  const answer = await call("POST", "/posts", { ...options, headers, body: { ...members, state: "draft" } });
  return postOf(answer, members.summary);
}

/** Change a post that is still as it was read. Rejects with Conflict if it is not, and is not yet what it is to be. */
export async function changePost(post, members, { reason, ...options }) {
  const path = withReason(`/posts/${post.id}`, reason);
  const headers = { "If-Match": post.etag };
  try {
    const answer = await call("PATCH", path, { ...options, headers, body: members });
    return postOf(answer, members.summary);
  } catch (refused) {
    if (refused.status !== 412 && refused.status !== 409) throw refused;
    const theirs = await postAt(`/posts/${post.id}`, options);
    // The answer to the same request may have been lost.
    if (isAlready(theirs, members)) return theirs;
    throw new Conflict(theirs);
  }
}

/** Delete a post that is still as it was read. */
export async function deletePost(post, options) {
  await call("DELETE", `/posts/${post.id}`, { ...options, headers: { "If-Match": post.etag } });
}

async function postAt(path, options) {
  const answer = await call("GET", path, options);
  // A post has a summary in any case; its version says whether its author has given it.
  const { id, version } = answer.body;
  const { body: written } = await call("GET", `/posts/${id}/versions/${version}`, options);
  return postOf(answer, written.summary);
}

function postOf({ body: post, headers }, summary) {
  // What was public and is a draft again was published before its last change.
  const isScheduled = post.state === "draft" && new Date(post.published_at) > new Date(post.updated_at);
  const publishAt = isScheduled ? localTime(new Date(post.published_at)) : "";
  return {
    id: post.id,
    slug: post.slug,
    etag: headers.get("ETag"),
    state: post.state,
    reason: post.unpublished_reason,
    authorId: post.author.id,
    isScheduled,
    fields: { title: post.title, body: post.body, summary: summary ?? "", tags: post.tags.join(", "), publishAt },
  };
}

/** As a field for a local time has it. */
function localTime(instant) {
  const shifted = new Date(instant.getTime() - instant.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, "2000-01-01T00:00".length);
}

/** Whether the post has these members, which the service may have written in another way: without white space at the
 * ends, and tags in small letters. */
function isAlready({ state, fields }, members) {
  const written = ({ title, body, summary, tags }) => {
    const names = tags.map((tag) => tag.toLowerCase().replaceAll(" ", "-"));
    return JSON.stringify([title.trim(), body, summary?.trim(), names]);
  };
  return written(membersOf(fields)) === written(members) && (members.state ?? state) === state;
}
