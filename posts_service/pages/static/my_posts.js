// The list of what a person has written, and what they can do with it.

import { Export } from "./exporting.js";
import { html, useState } from "./html.js";
import { actsOn } from "./my_acts.js";
import { STATES, useMyLists } from "./my_lists.js";
import { More } from "./paged.js";
import { Act, counted, When } from "./parts.js";
import { Waiting } from "./person_app.js";
import { neighbourOf, useFocus, useRequests } from "./requests.js";

const HEADINGS = { unpublished: "Unpublished by a moderator", draft: "Drafts", published: "Published" };
const KINDS = { unpublished: "unpublished posts", draft: "drafts", published: "published posts" };
const NOTHING = { draft: "You have no drafts.", published: "You have no published posts." };

export function MyPosts({ person, signal }) {
  const [ask, isWaiting] = useRequests(signal);
  const lists = useMyLists(ask, person);
  const [message, say] = useState("");
  const focus = useFocus();
  const onGone = ({ id, state }) => focus(neighbourOf(lists[state].present(), id) ?? `list-${state}`);
  const tools = { ask, lists, say, focus, onGone };
  return html`<div class="row">
      <a class="button" href="/write">Write a post</a>
      <${Export} ask=${ask} />
    </div>
    <p role="status">${message}</p>
    <${Waiting} isWaiting=${isWaiting} />
    ${STATES.map((state) => html`<${List} key=${state} state=${state} tools=${tools} />`)}`;
}

/** The posts in this state. There is no list of unpublished ones if there is no such post. */
function List({ state, tools }) {
  const list = tools.lists[state];
  const isEmpty = list.items?.length === 0;
  if (isEmpty && !(state in NOTHING)) return null;
  return html`<section aria-labelledby=${`list-${state}`}>
    <h2 id=${`list-${state}`} tabindex="-1">${HEADINGS[state]}</h2>
    ${list.refusal !== null && html`<p>${list.refusal.message}</p>`}
    ${isEmpty && html`<p>${NOTHING[state]}</p>`}
    <ol class="posts">
      ${list.items?.map((post) => html`<${Post} key=${post.id} post=${post} tools=${tools} />`)}
    </ol>
    <${More} list=${list} what=${KINDS[state]} onRead=${({ id }) => tools.focus(id)} onTrouble=${tools.say} />
  </section>`;
}

function Post({ post, tools }) {
  const editPath = `/p/${post.slug}/edit`;
  const path = post.state === "published" ? `/p/${post.slug}` : editPath;
  return html`<li>
    <article>
      <h3><a id=${post.id} href=${path}>${post.title}</a></h3>
      <p class="byline"><${Dates} post=${post} /></p>
      ${post.state === "unpublished" && html`<p class="notice">A moderator says: ${post.unpublished_reason}</p>`}
      <p>${post.summary}</p>
      <div class="row">
        <a href=${editPath} aria-label=${`Edit “${post.title}”`}>Edit</a>
        <a href=${`/mine?history=${post.id}`} aria-label=${`History of “${post.title}”`}>History</a>
        <${Acts} post=${post} tools=${tools} />
      </div>
    </article>
  </li>`;
}

/** When the post was published or is going to be, and the numbers of its likes and comments. */
function Dates({ post }) {
  const numbers = `${counted(post.likes, "like")} · ${counted(post.comments, "comment")}`;
  if (isScheduled(post)) return html`To be published on <${When} at=${post.published_at} />`;
  if (post.published_at === null) return html`Begun on <${When} at=${post.created_at} />`;
  const verb = post.state === "published" ? "Published" : "First published";
  return html`${verb} on <${When} at=${post.published_at} />${` · ${numbers}`}`;
}

function Acts({ post, tools }) {
  const { publish, cancel, takeBack, remove } = actsOn(post, tools);
  const { title, state } = post;
  return html`${state === "draft" && html`<${Act} name="Publish now" title=${title} act=${publish} />`}
    ${isScheduled(post) && html`<${Act} name="Cancel the schedule" title=${title} act=${cancel} />`}
    ${state === "published" && html`<${Act} name="Back to draft" title=${title} act=${takeBack} />`}
    <${Act} name="Delete" title=${title} act=${remove} />`;
}

/** Whether a draft is going to be published. `published_at` of another draft is when it was first public. */
function isScheduled(post) {
  return post.state === "draft" && post.published_at !== null && Date.parse(post.published_at) > Date.now();
}
