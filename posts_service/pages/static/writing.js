// A post that somebody is writing: what the form holds, where it is kept, and what the service has of it.

import { waitInWords } from "./api.js";
import { choiceBetween } from "./dialogs.js";
import { BLANK, Conflict, changePost, createDraft, deletePost, postWithSlug } from "./edited_post.js";
import { flawsOf, isSame, membersOf, publicationOf, textOf } from "./edited_post.js";
import { reasonFor } from "./reasons.js";
import { openText } from "./texts.js";

const NEW = "new post";
const TYPING_PAUSE_MILLISECONDS = 5_000;
// Each saving is a version in the history, and counts for the limit on changes, as those by buttons do.
const SAVING_INTERVAL_MILLISECONDS = 60_000;
const SAVED = "The draft is saved.";
const NOTICES = { save: SAVED, draft: SAVED, schedule: "The post is scheduled." };

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

/** `fields` is what the form holds, `flaws` what is wrong with each field, and `notice` what the person should know.
 * `conflict` is the Conflict that the person has not resolved, or null. */
class Writing {
  #person;
  #text;
  #redraw;
  #saved;
  #creation = null;
  #controller = new AbortController();
  #timer;
  #earliestSaving = 0;
  #lastRequest = Promise.resolve();

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
    this.isUnkept = false;
    this.conflict = null;
    text.onTrouble = (error) => this.#set({ isUnkept: error !== null });
    if (text.content !== null) this.#restore(text.content);
  }

  /** Whether it is somebody else's, so that a moderator changes it. */
  get isOthers() {
    return this.post !== null && this.post.authorId !== this.#person.id;
  }

  get isDraft() {
    return this.post === null || this.post.state === "draft";
  }

  /** Set a field to what was typed into it. */
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
      const reason = this.isOthers ? await askForReason(this.post) : undefined;
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

  /** Show the post as it is now beside what the form holds. The form then holds what the person chooses. */
  async resolve() {
    const { theirs } = this.conflict;
    const text = "This post has changed since you read it: you changed it in another window, or a moderator did.";
    const choice = await choiceBetween("There are two versions", text, textOf(this.fields), textOf(theirs.fields));
    if (choice === null) return;
    this.conflict = null;
    this.post = theirs;
    this.#saved = theirs.fields;
    if (choice === "theirs") this.fields = theirs.fields;
    this.#keep();
    this.#set({ notice: choice === "mine" ? "Save it to replace the other version by yours." : "" });
  }

  /** Delete the draft, or forget what was typed. Resolves to whether it is done. */
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
    this.#controller.abort();
    await this.#text.close();
  }

  #set(changes) {
    Object.assign(this, changes);
    this.#redraw();
  }

  #options() {
    return { signal: this.#controller.signal, onWaiting: (isWaiting) => this.#set({ isWaiting }) };
  }

  #restore({ fields, etag, creation }) {
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
    const pause = Math.max(TYPING_PAUSE_MILLISECONDS, this.#earliestSaving - Date.now());
    this.#timer = setTimeout(() => this.#inTurn(() => this.#saveByItself()), pause);
  }

  async #saveByItself() {
    this.#earliestSaving = Date.now() + SAVING_INTERVAL_MILLISECONDS;
    try {
      await this.#send("save", { ...this.#options(), isQuiet: true });
    } catch (error) {
      if (error.status === 429) this.#earliestSaving = Date.now() + (error.retryAfter ?? 60) * 1_000;
      await this.#explain(error);
    }
  }

  /** Send one request after the other: each needs the entity tag that the one before has brought. */
  #inTurn(step) {
    const turn = this.#lastRequest.then(step);
    this.#lastRequest = turn.catch(() => {});
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

  /** Create a draft of what the form holds. If a request to create it was sent before, the same request is sent again:
   * it may have been carried out. */
  async #create(fields, options) {
    this.#creation ??= { key: crypto.randomUUID(), fields };
    await this.#keep();
    const { key, fields: sent } = this.#creation;
    this.post = await createDraft({ key, members: membersOf(sent) }, options).catch((error) => {
      // After another error, the draft may have been created by a request whose answer was lost.
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
    this.#set({ notice: NOTICES[act] ?? "" });
  }

  /** Show the address of the editor of this post, so that a reload opens it. */
  #showAddress() {
    history.replaceState(null, "", this.post === null ? "/write" : `/p/${this.post.slug}/edit`);
  }

  async #explain(error) {
    if (this.#controller.signal.aborted) return;
    if (error instanceof Conflict) {
      this.#set({ conflict: error });
      if (this.isBusy) await this.resolve();
    } else if (error.status === 404 && this.post !== null) {
      this.#goOnAsNewPost();
    } else if (error.status === undefined) {
      throw error;
    } else {
      this.#tell(error);
    }
  }

  /** Say what is wrong, beside the fields if it is about them. */
  #tell({ status, message, errors, retryAfter }) {
    const { flaws, others } = flawsOf(errors);
    const when = status === 429 ? ` Try again in ${waitInWords(retryAfter)}.` : "";
    const isBesideFields = errors.length > 0 && others.length === 0;
    const notice = isBesideFields ? "It is not saved: see the errors above." : `${others.join(" ") || message}${when}`;
    this.#set({ flaws, notice });
  }

  /** Make what the form holds a new post, because this one was deleted. */
  #goOnAsNewPost() {
    this.post = null;
    this.#saved = BLANK;
    this.#text.place = NEW;
    this.#keep();
    this.#showAddress();
    this.#set({ notice: "This post is not there any more: it was deleted. You can save your text as a new post." });
  }
}

function askForReason({ id }) {
  return reasonFor(`change post ${id}`, "Change somebody else's post?", "Say why: your reason is recorded.", "Save");
}
