// The texts that people are writing, kept in the browser, so that the end of a page, of a session or of a service loses
// none. They are encrypted with a key that the service gives to their writer alone, and that stays in memory.

import { call } from "./api.js";
import { onPerson, signedInPerson } from "./session.js";

const PREFIX = "text:";
const KEPT_MILLISECONDS = 30 * 24 * 60 * 60 * 1_000;
const MOST_ENTRIES = 50;
// Browsers keep about five million for a site.
const MOST_CHARACTERS = 2_500_000;
const NONCE_BYTES = 12;
const CHUNK_BYTES = 8_192;

let personKeys = null;
// Texts that the browser could not store when their form was closed, by writer and place.
const unsaved = new Map();

/** The newest text of this place that the person who is signed in has written in this browser and no other tab is
 * writing, or an empty one. Resolves when the key is there, so that nothing can be written that cannot be kept; rejects
 * with an AbortError after `signal`, and if somebody else is signed in meanwhile. */
export async function openText(place, signal) {
  const person = signedInPerson();
  const keys = await keysOf(person, signal);
  signal?.throwIfAborted();
  const unsavedText = unsaved.get(`${person.id} ${place}`);
  if (unsavedText !== undefined) {
    unsaved.delete(`${person.id} ${place}`);
    return unsavedText;
  }
  await removeOldEntries();
  const text = (await existingText(person, place, keys)) ?? (await emptyText(person, place, keys));
  if (!signal?.aborted) return text;
  await text.close();
  throw signal.reason;
}

/** Whether this browser keeps a text, of whomever. */
export function hasTexts() {
  return namesByAge().length > 0;
}

/** The newest text of this place that no other tab is writing; null if there is none. */
async function existingText(person, place, keys) {
  for (const name of namesByAge().reverse()) {
    if ((await decrypted(name, keys))?.place !== place) continue;
    const release = await lock(name);
    if (release === null) continue;
    // The tab that had the lock may have changed it, or removed it.
    const entry = await decrypted(name, keys);
    if (entry?.place === place) return new WrittenText(person.id, name, keys[0], release, entry);
    release();
  }
  return null;
}

async function emptyText(person, place, keys) {
  const name = PREFIX + crypto.randomUUID();
  return new WrittenText(person.id, name, keys[0], await lock(name), { place, content: null });
}

/** A text that this tab is writing, and no other one. `content` is what was kept last, null for nothing; `place` is
 * where it belongs. `onTrouble(error)` is called if the browser does not store it, and `onTrouble(null)` when it does
 * again. */
class WrittenText {
  #personId;
  #name;
  #key;
  #release;
  #isSaved = true;
  #saving = null;

  constructor(personId, name, key, release, { place, content }) {
    this.#personId = personId;
    this.#name = name;
    this.#key = key;
    this.#release = release;
    this.place = place;
    this.content = content;
    this.onTrouble = () => {};
  }

  /** Keep this content, a value of JSON, instead of what was kept before; null keeps nothing. Resolves when it is
   * stored, or cannot be. */
  write(content) {
    this.content = content;
    this.#isSaved = false;
    this.#saving ??= this.#save();
    return this.#saving;
  }

  /** End writing. What is kept stays, for the next one who opens it. */
  async close() {
    await (this.#isSaved ? this.#saving : this.write(this.content));
    if (this.#isSaved) this.#release();
    else unsaved.set(`${this.#personId} ${this.place}`, this);
  }

  /** Store the content, and again if it changes while it is encrypted. */
  async #save() {
    try {
      while (!this.#isSaved) {
        const { place, content } = this;
        const sealed = await seal(this.#name, this.#key, content === null ? null : { place, content });
        if (sealed === null) localStorage.removeItem(this.#name);
        else localStorage.setItem(this.#name, `${Date.now()} ${sealed}`);
        this.#isSaved = content === this.content;
      }
      this.onTrouble(null);
    } catch (error) {
      this.onTrouble(error);
    } finally {
      this.#saving = null;
    }
  }
}

/** The keys of this person: the present one, and former ones. */
async function keysOf(person, signal) {
  if (personKeys === null) {
    const { body } = await call("GET", "/write/key", { signal });
    const keys = await Promise.all(body.keys.map(importKey));
    if (signedInPerson()?.id === body.person_id) personKeys = { personId: body.person_id, keys };
  }
  if (personKeys?.personId !== person.id) throw new DOMException("Somebody else is signed in.", "AbortError");
  return personKeys.keys;
}

onPerson((person) => {
  if (person?.id !== personKeys?.personId) personKeys = null;
});

/** Remove entries that are too old, and the oldest ones if there are too many; but none that a tab is writing. */
async function removeOldEntries() {
  const { held } = await navigator.locks.query();
  const locked = new Set(held.map(({ name }) => name));
  const names = namesByAge();
  let characters = names.reduce((sum, name) => sum + localStorage.getItem(name).length, 0);
  let count = names.length;
  for (const name of names.filter((each) => !locked.has(each))) {
    const isOld = Date.now() - writtenAt(name) > KEPT_MILLISECONDS;
    if (!isOld && count <= MOST_ENTRIES && characters <= MOST_CHARACTERS) return;
    count -= 1;
    characters -= localStorage.getItem(name).length;
    localStorage.removeItem(name);
  }
}

/** The names of all entries, the oldest first. */
function namesByAge() {
  const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
  return names.sort((one, other) => writtenAt(one) - writtenAt(other));
}

function writtenAt(name) {
  return Number.parseInt(localStorage.getItem(name), 10) || 0;
}

/** What an entry holds, `{place, content}`; null if there is none, or if none of the keys decrypts it. */
async function decrypted(name, keys) {
  const sealed = localStorage.getItem(name)?.split(" ")[1];
  for (const key of sealed === undefined ? [] : keys) {
    try {
      const bytes = fromBase64(sealed);
      const algorithm = algorithmFor(name, bytes.slice(0, NONCE_BYTES));
      const plain = await crypto.subtle.decrypt(algorithm, key, bytes.slice(NONCE_BYTES));
      return JSON.parse(new TextDecoder().decode(plain));
    } catch {
      // It is another person's, or was encrypted with another key.
    }
  }
  return null;
}

/** The value, encrypted with this key; null for null. */
async function seal(name, key, value) {
  if (value === null) return null;
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const plain = new TextEncoder().encode(JSON.stringify(value));
  const encrypted = new Uint8Array(await crypto.subtle.encrypt(algorithmFor(name, nonce), key, plain));
  return toBase64(nonce) + toBase64(encrypted);
}

/** An entry can be decrypted under its own name alone. */
function algorithmFor(name, iv) {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(name) };
}

function importKey(text) {
  return crypto.subtle.importKey("raw", fromBase64(text), "AES-GCM", false, ["encrypt", "decrypt"]);
}

function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function toBase64(bytes) {
  let text = "";
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    text += String.fromCharCode(...bytes.subarray(start, start + CHUNK_BYTES));
  }
  return btoa(text);
}

/** Take the lock of this name. Resolves to the function that releases it; null if another tab has it. */
function lock(name) {
  return new Promise((resolve, reject) => {
    const request = navigator.locks.request(name, { ifAvailable: true }, (granted) => {
      if (granted === null) return resolve(null);
      return new Promise((release) => resolve(release));
    });
    request.catch(reject);
  });
}
