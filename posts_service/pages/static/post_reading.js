// What the page of a post knows of it and of its comments, and when it reads them anew.

import { call } from "./api.js";
import { signedInPerson } from "./session.js";

const PAGE_LENGTH = 20;
const LONGEST_PAGE = 100;

/** `post` has the members that the API gives; only `isRead` says that all are there, for the person who is signed in.
 * `comments` is null until they have been read, and `next` whether there are more. `isGone` says that the post is not
 * there, or not for this person. */
export class PostReading {
  #firstCursor;
  #onChange;
  #wantedCount = PAGE_LENGTH;
  #added = [];
  #isOutdated = false;
  #reading = null;

  /** `post` is what the served page says; `start` is the cursor of its first comment, or null. */
  constructor(post, start, onChange) {
    this.#firstCursor = start;
    this.#onChange = onChange;
    this.post = post;
    this.isRead = false;
    this.isGone = false;
    this.comments = null;
    this.next = null;
  }

  /** The comments that the person has written here and that belong to a page that is not shown yet. */
  get added() {
    const shown = new Set(this.comments?.map(({ id }) => id));
    return this.#added.filter(({ id }) => !shown.has(id));
  }

  set(members) {
    Object.assign(this, members);
    this.#onChange();
  }

  /** Show the page to the person who is signed in now, or to nobody. */
  showToPerson() {
    this.#added = [];
    // What only its author and moderators see is hidden at once.
    this.set({ isRead: false, isGone: this.isGone || this.post.state !== "published" });
    if (signedInPerson() !== null || this.isGone) this.refresh();
  }

  /** Show what an event of the stream says. */
  onEvent(name, data) {
    if (name === "reset") this.#refreshIfChanged();
    if (name === "post-unpublished" && data.id === this.post.id) this.refresh();
    if (name !== "post" || data.id !== this.post.id || data.version < this.post.version) return;
    const { version, comments, likes } = this.post;
    const hasLikesAlone = data.version === version && data.comments === comments && data.likes !== likes;
    if (hasLikesAlone && !this.isGone) this.set({ post: { ...this.post, likes: data.likes } });
    else this.refresh();
  }

  /** Read everything anew that is shown. Resolves when it is as it was at the time of this call, or later. */
  refresh() {
    this.#isOutdated = true;
    this.#reading ??= this.#readWhileOutdated().finally(() => (this.#reading = null));
    return this.#reading;
  }

  /** Show more comments. */
  more() {
    this.#wantedCount = this.comments.length + PAGE_LENGTH;
    return this.refresh();
  }

  /** Show a comment that the person has just written. */
  add(comment) {
    this.#added.push(comment);
    return this.refresh();
  }

  /** Show what a comment says now, or, with null, that it is gone. */
  replace(id, comment) {
    this.#added = this.#added.flatMap((each) => (each.id !== id ? [each] : comment === null ? [] : [comment]));
    return this.refresh();
  }

  /** A comment as it is now, undefined if it is not there or cannot be read. Unless it is shown, all are read, once. */
  async findAnew(id) {
    const find = () => [...(this.comments ?? []), ...this.added].find((each) => each.id === id);
    await this.refresh();
    if (find() === undefined && this.next !== null) {
      this.#wantedCount = Infinity;
      await this.refresh();
    }
    return find();
  }

  /** Read everything anew if anything has changed since the page was made. */
  async #refreshIfChanged() {
    if (this.isRead) return this.refresh();
    try {
      await get(`/posts/${this.post.id}`, { "If-None-Match": this.post.etag });
    } catch (error) {
      if (error.status === 304) return;
    }
    await this.refresh();
  }

  async #readWhileOutdated() {
    while (this.#isOutdated) {
      this.#isOutdated = false;
      const person = signedInPerson();
      const members = await this.#read();
      // Another person may see other things.
      if (signedInPerson() !== person) this.#isOutdated = true;
      else this.set(members);
    }
  }

  async #read() {
    try {
      const [{ body: post }, comments] = await Promise.all([get(`/posts/${this.post.id}`), this.#readComments()]);
      return { post, isRead: true, isGone: false, ...comments };
    } catch (error) {
      if (error.status === 404) return { isGone: true };
      // The next event, or the person, causes another try.
      if (error.status !== undefined) return {};
      throw error;
    }
  }

  async #readComments() {
    const comments = [];
    let next = this.#firstCursor;
    do {
      const limit = Math.min(LONGEST_PAGE, Math.max(PAGE_LENGTH, this.#wantedCount - comments.length));
      const cursor = next === null ? "" : `&cursor=${next}`;
      const { body } = await get(`/posts/${this.post.id}/comments?limit=${limit}${cursor}`);
      comments.push(...body.items);
      next = body.next;
    } while (next !== null && comments.length < this.#wantedCount);
    // A person who sees all comments also sees those that are written later.
    if (next === null) this.#wantedCount = comments.length + PAGE_LENGTH;
    return { comments, next };
  }
}

/** The page reads by itself: no dialog tells of a refusal. */
function get(path, headers = {}) {
  return call("GET", path, { headers, isQuiet: true });
}
