// The comment that somebody is writing: a new one, an answer, or a change of one of theirs.

import { call, ifMatch, isTold } from "./api.js";
import { choiceBetween } from "./dialogs.js";
import { focusComment, named } from "./comments.js";
import { openText } from "./texts.js";

const EMPTY = { kind: "comment", comment: null, body: "", key: null };

/** `content` is what the form holds: `kind` is `comment`, `answer` or `edit`, `comment` the one that is answered or
 * changed, `body` the text and `key` what keeps the service from storing it twice. `isOpen` says that there is a form.
 */
export class CommentWriting {
  #reading;
  #redraw;
  #say;
  #text = null;
  #personId;
  #controller = new AbortController();

  constructor(reading, redraw, say) {
    this.#reading = reading;
    this.#redraw = redraw;
    this.#say = say;
    this.content = EMPTY;
  }

  get isOpen() {
    return this.#text !== null;
  }

  /** Show the form to this person, with what they were writing; null takes it away. What is kept stays kept. */
  async showTo(person) {
    // A token with other permissions can be of the same person.
    if (this.isOpen && person?.id === this.#personId) return;
    this.#text?.close();
    this.#text = null;
    this.#personId = person?.id;
    this.#set({ content: EMPTY, notice: "", flaw: "", isBusy: false, isWaiting: false, isUnkept: false });
    // A request of somebody whose session has ended goes on, to be told so; but nobody else sends it.
    if (person === null) return;
    this.#controller.abort();
    this.#controller = new AbortController();
    const text = await openText(`comment ${this.#reading.post.id}`, this.#controller.signal).catch((error) => {
      if (error.status !== undefined) this.#set({ notice: error.message });
      else if (error.name !== "AbortError") throw error;
    });
    if (text === undefined) return;
    text.onTrouble = (error) => this.#set({ isUnkept: error !== null });
    this.#text = text;
    this.#set(text.content === null ? {} : { content: text.content, notice: "What you were writing is here again." });
  }

  type(body) {
    // Another text is another comment.
    this.#keep({ ...this.content, body, key: null });
    this.#set({ notice: "", flaw: "" });
  }

  /** Answer this comment, or change it. */
  begin(kind, comment) {
    if (!this.isOpen) return;
    const { content } = this;
    const isSame = content.kind === kind && content.comment?.id === comment.id;
    const isOther = !isSame && (content.kind === "edit" || kind === "edit");
    if (this.isBusy || (isOther && content.body !== "")) {
      this.#set({ notice: "Finish what you are writing first: send it, or delete its text." });
    } else if (!isSame) {
      const { id, version, body } = comment;
      const text = kind === "edit" ? body : content.body;
      this.#keep({ kind, comment: { id, version, name: named(comment) }, body: text, key: null });
      this.#set({ notice: "", flaw: "" });
    }
    document.getElementById("comment-body").focus();
  }

  /** Stop answering or changing a comment. The text of an answer becomes that of a new comment. */
  cancel() {
    const { kind, comment, body } = this.content;
    this.#keep({ ...EMPTY, body: kind === "edit" ? "" : body });
    this.#set({ notice: "", flaw: "" });
    focusComment(comment.id);
  }

  /** Send what the form holds, until it is answered. */
  async send() {
    if (this.isBusy || !this.isOpen) return;
    const [text, { signal }] = [this.#text, this.#controller];
    this.#set({ isBusy: true, notice: "", flaw: "" });
    try {
      const isEdit = this.content.kind === "edit";
      const comment = await (isEdit ? this.#change(signal) : this.#write(signal));
      if (comment !== null) await this.#sent(comment, isEdit, text);
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === undefined) throw error;
      this.#explain(error);
    } finally {
      if (text === this.#text) this.#set({ isBusy: false, isWaiting: false });
    }
  }

  async #write(signal) {
    const { comment, body, key } = this.content;
    const content = { ...this.content, key: key ?? crypto.randomUUID() };
    // If this page ends before the answer is here, the next one sends the same again.
    await this.#keep(content);
    const draft = comment === null ? { body } : { body, parent_id: comment.id };
    const headers = { "Idempotency-Key": content.key };
    const path = `/posts/${this.#reading.post.id}/comments`;
    return (await call("POST", path, { body: draft, headers, ...this.#options(signal) })).body;
  }

  async #change(signal) {
    const { comment, body } = this.content;
    const headers = ifMatch(comment.version);
    try {
      const options = { body: { body }, headers, ...this.#options(signal) };
      return (await call("PATCH", `/comments/${comment.id}`, options)).body;
    } catch (error) {
      if (error.status !== 412) throw error;
      return this.#resolve(signal);
    }
  }

  /** Let the person choose between what they typed and what the comment says now. Resolves to the comment that they
   * choose, or null if there is none. */
  async #resolve(signal) {
    const { content } = this;
    const theirs = await this.#reading.findAnew(content.comment.id);
    if (theirs === undefined || theirs.is_removed) {
      this.#set({ flaw: "The comment cannot be found. Your text is still here." });
      return null;
    }
    // The change was made by a request whose answer was lost.
    if (theirs.body === content.body) return theirs;
    const text = "This comment has changed since you read it: you changed it in another window.";
    const choice = await choiceBetween("There are two versions", text, content.body, theirs.body);
    if (!this.isOpen || choice === null) return null;
    if (choice === "theirs") return theirs;
    await this.#keep({ ...content, comment: { ...content.comment, version: theirs.version } });
    return this.#change(signal);
  }

  async #sent(comment, isEdit, text) {
    await text.write(null);
    if (text === this.#text) this.#set({ content: EMPTY });
    await (isEdit ? this.#reading.replace(comment.id, comment) : this.#reading.add(comment));
    focusComment(comment.id);
    this.#say(isEdit ? "The comment is changed." : "Your comment is published.");
  }

  /** Say what is wrong, unless `call` has told it. */
  #explain(refusal) {
    if (!isTold(refusal)) this.#set({ flaw: refusal.errors[0]?.detail ?? refusal.message });
    this.#reading.refresh();
  }

  #options(signal) {
    return { signal, onWaiting: (isWaiting) => this.#set({ isWaiting }) };
  }

  #keep(content) {
    this.content = content;
    return this.#text.write(content.body === "" && content.comment === null ? null : content);
  }

  #set(members) {
    Object.assign(this, members);
    this.#redraw();
  }
}
