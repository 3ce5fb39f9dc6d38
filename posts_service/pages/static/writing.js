// A post that somebody is writing: what the form holds, where it is kept, and what the service has of it.

import { inWords } from "./api.js";
import { choiceBetween, reasonFor } from "./dialogs.js";
import { BLANK, Conflict, changePost, createDraft, deletePost } from "./edited_post.js";
import { membersOf, postWithSlug, publicationOf } from "./edited_post.js";
import { openText } from "./texts.js";

const NEW = "new post";
const PAUSE_MILLISECONDS = 5_000;
// There is a limit on changes, which buttons need too, and each is a version in the history.
const BETWEEN_MILLISECONDS = 60_000;
const FIELDS = { title: "title", body: "body", summary: "summary", tags: "tags", published_at: "publishAt" };

/** Open the post with this slug, or a new one, with the text that this person has been writing. `redraw` is called when
 * something changes. Rejects like `call` and `openText`. */
export async function openWriting(person, slug, redraw, signal) {
  const post = slug === undefined ? null : await postWithSlug(slug, { signal });
  const text = await openText(post === null ? NEW : placeOf(post), signal);
  return new Writing(person, text, post, redraw);
}

function placeOf(post) {
  return `post ${post.id}`;
}

/** `fields` is what the form holds, `flaws` what is wrong with each field, `notice` what the person should know. */
class Writing {
  #person;
  #text;
  #redraw;
  #saved;
  #creation = null;
  #ending = new AbortController();
  #timer;
  #earliest = 0;
  #lane = Promise.resolve();

  constructor(person, text, post, redraw) {
    this.#person = person;
    this.#text = text;
    this.#redraw = redraw;
    this.#saved = post?.fields ?? BLANK;
    this.post = post;
    this.fields = this.#saved;
    this.flaws = {};
    this.notice = "";
    this.isBusy = false;
    this.isWaiting = false;
    this.isFull = false;
    this.conflict = null;
    text.onTrouble = (error) => this.#set({ isFull: error !== null });
    if (text.content !== null) this.#takeUp(text.content);
  }

  /** Whether it is somebody else's, so that a moderator changes it. */
  get isOthers() {
    return this.post !== null && this.post.authorId !== this.#person.id;
  }

  get isDraft() {
    return this.post === null || this.post.state === "draft";
  }

  /** Take what was typed into a field. */
  type(name, value) {
    this.fields = { ...this.fields, [name]: value };
    this.notice = "";
    delete this.flaws[name];
    this.#keep();
    this.#saveLater();
    this.#redraw();
  }

  /** Send the post as it is: `draft`, `publish`, `schedule`, or `change` for one that stays what it is. Resolves when
   * that is done or refused: to whether it is done. */
  async act(act) {
    if (this.isBusy) return false;
    this.#set({ isBusy: true, flaws: {}, notice: "" });
    clearTimeout(this.#timer);
    try {
      const reason = this.isOthers ? await askForReason() : undefined;
      if (reason === null) return false;
      await this.#inTurn(() => this.#send(act, { reason, ...this.#options() }));
      return true;
    } catch (error) {
      await this.#explain(error);
      return false;
    } finally {
      this.#set({ isBusy: false });
    }
  }

  /** Show what the post is now beside what the form holds, and take what the person chooses. */
  async resolve() {
    const { theirs } = this.conflict;
    const text = "Somebody has changed this post since you read it: you in another window, or a moderator.";
    const choice = await choiceBetween("There are two versions", text, shown(this.fields), shown(theirs.fields));
    if (choice === null) return;
    this.conflict = null;
    this.post = theirs;
    this.#saved = theirs.fields;
    if (choice === "theirs") this.fields = theirs.fields;
    this.#keep();
    this.#set({ notice: choice === "mine" ? "Save it to write your version over the other one." : "" });
  }

  /** Delete the draft, or take the changes back. Whether it is done. */
  async discard() {
    clearTimeout(this.#timer);
    try {
      await this.#inTurn(async () => {
        if (this.isDraft && this.post !== null) await deletePost(this.post, this.#options());
        await this.#text.write(null);
      });
      return true;
    } catch (error) {
      await this.#explain(error);
      return false;
    }
  }

  /** End writing: what is not sent stays kept. */
  async close() {
    clearTimeout(this.#timer);
    this.#ending.abort();
    await this.#text.close();
  }

  #set(changes) {
    Object.assign(this, changes);
    this.#redraw();
  }

  #options() {
    return { signal: this.#ending.signal, onWaiting: (isWaiting) => this.#set({ isWaiting }) };
  }

  #takeUp({ fields, etag, creation }) {
    this.fields = fields;
    this.#creation = creation;
    // What was typed is a change of the version that it began with.
    if (this.post !== null) this.post = { ...this.post, etag };
    this.notice = "What you were writing is here again.";
  }

  /** Keep what the service does not have. */
  #keep() {
    const isSent = this.#creation === null && isSame(this.fields, this.#saved);
    const content = { fields: this.fields, etag: this.post?.etag, creation: this.#creation };
    return this.#text.write(isSent ? null : content);
  }

  /** Save a draft when nothing is typed for a while. */
  #saveLater() {
    clearTimeout(this.#timer);
    const mayBeSaved = this.isDraft && !this.isOthers && !this.post?.isScheduled && this.fields.title.trim() !== "";
    if (!mayBeSaved || this.conflict !== null) return;
    const pause = Math.max(PAUSE_MILLISECONDS, this.#earliest - Date.now());
    this.#timer = setTimeout(() => this.#inTurn(() => this.#saveByItself()), pause);
  }

  async #saveByItself() {
    this.#earliest = Date.now() + BETWEEN_MILLISECONDS;
    try {
      await this.#send("save", { ...this.#options(), isQuiet: true });
    } catch (error) {
      if (error.status === 429) this.#earliest = Date.now() + (error.retryAfter ?? 60) * 1_000;
      await this.#explain(error);
    }
  }

  /** One request follows the other: each needs the entity tag that the one before has brought. */
  #inTurn(step) {
    const turn = this.#lane.then(step);
    this.#lane = turn.catch(() => {});
    return turn;
  }

  async #send(act, options) {
    const { fields } = this;
    if (this.post === null) await this.#create(fields, options);
    const publication = publicationOf(act, fields, this.post);
    const isSaved = isSame({ ...fields, publishAt: "" }, { ...this.#saved, publishAt: "" });
    if (!isSaved || Object.keys(publication).length > 0) {
      this.post = await changePost(this.post, { ...membersOf(fields), ...publication }, options);
    }
    await this.#sent(act, fields);
  }

  /** Make the draft that the form holds, or complete the one that was being made: it may have been made already. */
  async #create(fields, options) {
    this.#creation ??= { key: crypto.randomUUID(), fields };
    await this.#keep();
    const { key, fields: sent } = this.#creation;
    this.post = await createDraft({ key, members: membersOf(sent) }, options).catch((error) => {
      // Otherwise it may have been made by a request whose answer was lost.
      if (error.status === 422) this.#creation = null;
      throw error;
    });
    this.#creation = null;
    this.#saved = { ...sent, publishAt: "" };
    this.#text.place = placeOf(this.post);
    await this.#keep();
    this.#showAddress();
  }

  async #sent(act, fields) {
    const isTyping = this.fields !== fields;
    const hasPublication = act !== "save";
    this.#saved = hasPublication ? this.post.fields : { ...fields, publishAt: this.#saved.publishAt };
    if (hasPublication && !isTyping) this.fields = this.post.fields;
    this.conflict = null;
    await this.#keep();
    this.#showAddress();
    this.#set({ notice: { save: "The draft is saved.", draft: "The draft is saved." }[act] ?? "" });
  }

  /** The page is loaded again as what it is now. */
  #showAddress() {
    history.replaceState(null, "", this.post === null ? "/write" : `/p/${this.post.slug}/edit`);
  }

  async #explain(error) {
    if (this.#ending.signal.aborted) return;
    if (error instanceof Conflict) {
      this.#set({ conflict: error });
      if (this.isBusy) await this.resolve();
    } else if (error.status === 404 && this.post !== null) {
      this.#begin();
    } else if (error.status === undefined) {
      throw error;
    } else {
      this.#tell(error);
    }
  }

  /** Say what is wrong, beside the fields if it is about them. */
  #tell({ status, message, errors, retryAfter }) {
    const flaws = {};
    const others = [];
    for (const { pointer, detail } of errors) {
      const name = FIELDS[pointer.split("/")[2]];
      if (name === undefined) others.push(detail);
      else flaws[name] ??= detail;
    }
    const when = status === 429 ? ` Try again in ${inWords(retryAfter)}.` : "";
    const isBesideFields = errors.length > 0 && others.length === 0;
    const notice = isBesideFields ? "It is not saved: see above." : `${others.join(" ") || message}${when}`;
    this.#set({ flaws, notice });
  }

  /** Go on with what the form holds as a new post: this one is deleted. */
  #begin() {
    this.post = null;
    this.#saved = BLANK;
    this.#text.place = NEW;
    this.#keep();
    this.#showAddress();
    this.#set({ notice: "This post is not there any more. What you have written can be saved as another one." });
  }
}

function askForReason() {
  return reasonFor("Somebody else's post", "Say why you change it: your reason is recorded.", "Save");
}

function shown({ title, body, summary, tags }) {
  return [title, summary, tags, body].filter((part) => part !== "").join("\n\n");
}

function isSame(one, other) {
  return Object.keys(one).every((name) => one[name] === other[name]);
}
