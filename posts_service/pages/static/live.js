// What changes while a page is open: one stream of server-sent events for all tabs of the browser, because a browser
// keeps few connections to a host. The tab that holds the lock reads it and passes the events on; when it is closed,
// another tab gets the lock.

import { accessToken, canSignIn, onPerson, signedInPerson } from "./session.js";
import { sleepOrOnline } from "./waiting.js";

const FIRST_PAUSE_MILLISECONDS = 200;
const LONGEST_PAUSE_MILLISECONDS = 15_000;
// The service sends something every 15 seconds. A connection that was lost while the computer slept would never end by
// itself.
const LONGEST_SILENCE_MILLISECONDS = 45_000;
// After many changes at once, the service tells every page of every reader to read again. They do so within this time,
// not all at the same moment.
const LONGEST_RESET_MILLISECONDS = 10_000;

const channel = new BroadcastChannel("live");
const listeners = new Set();
let lastId = null;
let hasReset = false;
let isFollowRequested = false;
let isAlsoAnonymous = false;
let isFollowing = false;
let resetTimer = null;
let connection = new AbortController();

/** Call `listener(name, data)` for each event, where `data` is the object that the event has. The first one is `reset`,
 * when the page has begun to hear events. Returns the function that removes the listener. */
export function onEvent(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Follow the events while somebody is signed in, whose stream also ends with their session; with `anonymously`, also
 * while nobody is. */
export function follow({ anonymously = false } = {}) {
  isFollowRequested = true;
  isAlsoAnonymous ||= anonymously;
  readIfWanted();
}

function isWanted() {
  // Without locks, the page stays as it was made.
  return isFollowRequested && canSignIn && (isAlsoAnonymous || signedInPerson() !== null);
}

function readIfWanted() {
  if (isFollowing || !isWanted()) return;
  isFollowing = true;
  // A browser that refuses the lock would refuse it again.
  navigator.locks.request("live", readWhileWanted).then(() => {
    isFollowing = false;
    readIfWanted();
  });
}

async function readWhileWanted() {
  let pause = FIRST_PAUSE_MILLISECONDS;
  while (isWanted()) {
    connection = new AbortController();
    const hasBeenRead = await readStream(connection.signal).catch(() => false);
    if (connection.signal.aborted) continue;
    pause = hasBeenRead ? FIRST_PAUSE_MILLISECONDS : Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS);
    await sleepOrOnline(pause);
  }
}

/** Read one stream to its end, or until nothing has come for long. Resolves to whether the service answered with a
 * stream. */
async function readStream(signal) {
  const token = await accessToken();
  const headers = { Accept: "text/event-stream" };
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  if (lastId !== null) headers["Last-Event-ID"] = lastId;
  let silenceTimer = startSilenceTimer();
  try {
    const answer = await fetch("/posts/events", { headers, signal });
    if (answer.status === 401) await accessToken(token);
    if (!answer.ok) return false;
    for await (const { name, id, data } of eventsOf(answer.body)) {
      clearTimeout(silenceTimer);
      silenceTimer = startSilenceTimer();
      // The token has ended, or the session has: the next token, or its refusal, says which.
      if (name === "signed-out") await accessToken(token);
      else broadcast({ name, id, data });
    }
    return true;
  } finally {
    clearTimeout(silenceTimer);
  }
}

function startSilenceTimer() {
  return setTimeout(() => connection.abort(), LONGEST_SILENCE_MILLISECONDS);
}

/** The events of a stream (HTML standard section 9.2.6): `{name, id, data}`. One without a name has an id alone. */
async function* eventsOf(body) {
  let rest = "";
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      yield* blocks.map(eventOf);
    }
  } finally {
    // Otherwise the connection would stay if a listener fails.
    reader.cancel().catch(() => {});
  }
}

function eventOf(block) {
  const event = { name: null, id: null, data: null };
  for (const line of block.split("\n")) {
    const [field, value] = [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trimStart()];
    if (field === "event") event.name = value;
    if (field === "id") event.id = value;
    if (field === "data") event.data = JSON.parse(value);
  }
  return event;
}

function broadcast(event) {
  channel.postMessage(event);
  receive(event);
}

function receive({ name, id, data }) {
  lastId = id ?? lastId;
  // No event says what has changed since the service made the page.
  if (!hasReset) notify("reset", {});
  hasReset = true;
  if (name === "reset") resetTimer ??= setTimeout(resetNow, Math.random() * LONGEST_RESET_MILLISECONDS);
  else if (name !== null) notify(name, data);
}

function resetNow() {
  resetTimer = null;
  notify("reset", {});
}

function notify(name, data) {
  for (const listener of listeners) listener(name, data);
}

channel.addEventListener("message", ({ data }) => receive(data));
onPerson(() => {
  // A stream belongs to one person.
  connection.abort();
  readIfWanted();
});
