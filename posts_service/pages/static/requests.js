// What components need for requests to the API, for events, and to move the focus.

import { call, isTold, Refused } from "./api.js";
import { useEffect, useLayoutEffect, useRef, useState } from "./html.js";
import { onEvent } from "./live.js";

/** `[ask, isWaiting]`: `ask` is `call` with this `signal`; `isWaiting` says whether a request waits for the service. */
export function useRequests(signal) {
  const [isWaiting, setWaiting] = useState(false);
  const ask = (method, path, options) => call(method, path, { ...options, signal, onWaiting: setWaiting });
  return [ask, isWaiting];
}

/** The error of a request, if it is a Refused; null if the request was aborted. Any other error is thrown again. */
export function refusalOf(error) {
  if (error.name === "AbortError") return null;
  if (!(error instanceof Refused)) throw error;
  return error;
}

/** What to say about the error of a request: nothing if a dialog has said it, or if the request was aborted. */
export function messageOf(error) {
  const refusal = refusalOf(error);
  return refusal === null || isTold(refusal) ? "" : refusal.message;
}

/** Call the latest `listener(name, data)` for each event, while the component is there. */
export function useEvents(listener) {
  const latest = useRef();
  latest.current = listener;
  useEffect(() => onEvent((name, data) => latest.current(name, data)), []);
}

/** A function that moves the focus to the element with an id, as soon as there is one. */
export function useFocus() {
  const [wanted, want] = useState(null);
  useLayoutEffect(() => {
    const element = wanted === null ? null : document.getElementById(wanted);
    if (element === null) return;
    element.focus();
    want(null);
  });
  return want;
}

/** The id of what comes after the item in a list, else of what comes before it, among the items that stay; undefined if
 * none does. */
export function neighbourOf(items, id, stays = () => true) {
  const index = items.findIndex((item) => item.id === id);
  return (items.slice(index + 1).find(stays) ?? items.slice(0, index).findLast(stays))?.id;
}

/** Whether the focus is in the element with this id. */
export function hasFocus(id) {
  return document.getElementById(id)?.contains(document.activeElement) ?? false;
}
