// The posts of a person by their state, as far as they have been read.

import { usePaged } from "./paged.js";
import { useEvents } from "./requests.js";

/** The states of posts, in the order of the page. */
export const STATES = ["unpublished", "draft", "published"];

/** The lists by state, with `put(post)`, which shows a post where it belongs, `remove(id)`, and `refresh(id)`, which
 * reads a post again and gives it, or null if it is gone. What happens to the published posts of the person elsewhere
 * is shown at once. */
export function useMyLists(ask, person) {
  const lists = {
    unpublished: usePaged(ask, `/posts?state=unpublished&author=${person.id}`),
    draft: usePaged(ask, "/posts?state=draft"),
    published: usePaged(ask, `/posts?author=${person.id}`),
  };
  const each = (act) => STATES.forEach((state) => act(lists[state], state));
  const remove = (id) => each((list) => list.change((posts) => posts.filter((post) => post.id !== id)));
  // An event can come after the answer to a later change, which has put the post into another list.
  const isOutdated = (post) =>
    STATES.some((state) => lists[state].present().some(({ id, version }) => id === post.id && version > post.version));
  const put = (post) => {
    if (isOutdated(post)) return;
    each((list, state) => list.change((posts, isWhole) => placed(posts, post, state, isWhole)));
  };
  const refresh = (id) => read(ask, id, { put, remove });
  useEvents((name, data) => {
    if (name === "reset") each((list) => list.reload());
    if (name === "post" && data.author.id === person.id) put(data);
    if (name === "post-unpublished" && lists.published.present().some((post) => post.id === data.id)) refresh(data.id);
  });
  return { ...lists, put, remove, refresh };
}

async function read(ask, id, { put, remove }) {
  try {
    const { body } = await ask("GET", `/posts/${id}`);
    put(body);
    return body;
  } catch (error) {
    if (error.code === "post_not_found") remove(id);
    return null;
  }
}

/** The posts of the list of `state` after `post` was put into it or taken out of it. An older version of a post changes
 * nothing. Unless the list `isWhole`, a post that belongs behind its end is left out: it is on a further page. */
export function placed(posts, post, state, isWhole) {
  const known = posts.find((each) => each.id === post.id);
  if (known !== undefined && known.version > post.version) return posts;
  const others = posts.filter((each) => each.id !== post.id);
  if (post.state !== state) return others;
  const index = others.findIndex((other) => listedAt(other) < listedAt(post));
  if (index !== -1) return others.toSpliced(index, 0, post);
  return isWhole ? [...others, post] : others;
}

/** The instant that the service sorts its lists by. */
function listedAt(post) {
  return post.state === "published" ? post.published_at : post.created_at;
}
