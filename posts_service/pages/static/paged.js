// A list of the API, which is read page by page.

import { html, useEffect, useRef, useState } from "./html.js";
import { messageOf, refusalOf } from "./requests.js";

const NOT_READ = { items: null, next: null, refusal: null };

/** The list at this path: its `items`, null until they are read; the cursor `next`, null after the last page; the
 * `refusal` of the first page. `more()` reads the next page and resolves to its first item, undefined if there is none,
 * and `reload()` reads the list from its beginning. `change(changed)` replaces the items by `changed(items, isWhole)`,
 * where `isWhole` says that there is no further page. `present()` gives the items at the time of the call: those of a
 * rendering can be outdated when a person has answered a question. */
export function usePaged(ask, path) {
  const [list, setList] = useState(NOT_READ);
  const latest = useRef();
  latest.current = list.items ?? [];
  // How often the list has begun anew: what was asked for before is not of this one.
  const beginnings = useRef(0);
  const read = async (cursor, options) => {
    const query = cursor === null ? path : `${path}${path.includes("?") ? "&" : "?"}cursor=${cursor}`;
    return (await ask("GET", query, options)).body;
  };
  const reload = async () => {
    const beginning = ++beginnings.current;
    const outcome = await read(null, { isQuiet: true }).then(
      (page) => ({ ...page, refusal: null }),
      (error) => ({ ...NOT_READ, refusal: refusalOf(error) }),
    );
    if (beginning === beginnings.current) setList(outcome);
  };
  const more = async () => {
    const beginning = beginnings.current;
    const page = await read(list.next, {});
    if (beginning !== beginnings.current) return undefined;
    setList((known) => ({ ...known, items: joined(known.items, page.items), next: page.next }));
    return page.items[0];
  };
  const change = (changed) =>
    setList((known) => (known.items === null ? known : { ...known, items: changed(known.items, known.next === null) }));
  useEffect(() => void reload(), [path]);
  return { ...list, present: () => latest.current, more, reload, change };
}

/** The items of both, each once: an item that has moved between two requests is on both pages. */
function joined(items, further) {
  const keys = new Set(items.map(keyOf));
  return [...items, ...further.filter((item) => !keys.has(keyOf(item)))];
}

/** A version of a post has a number, and everything else an id. */
function keyOf({ id, version }) {
  return id ?? version;
}

/** The button that reads the next page of a list, if there is one, and leads to its first item. */
export function More({ list, what, onRead, onTrouble }) {
  if (list.next === null) return null;
  const read = () => list.more().then((item) => item && onRead(item), (error) => onTrouble(messageOf(error)));
  return html`<p><button type="button" class="second" onClick=${read}>More ${what}</button></p>`;
}
