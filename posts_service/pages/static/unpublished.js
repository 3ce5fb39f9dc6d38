// What moderators have unpublished, and publishing it again.

import { ifMatch, withReason } from "./api.js";
import { html, Sanitized, useState } from "./html.js";
import { More, usePaged } from "./paged.js";
import { Act, When } from "./parts.js";
import { reasonFor } from "./reasons.js";
import { hasFocus, messageOf, neighbourOf, refusalOf, useEvents } from "./requests.js";

export function UnpublishedPosts({ tools }) {
  const { ask, say, focus } = tools;
  const list = usePaged(ask, "/posts?state=unpublished");
  const leave = (id) => {
    if (hasFocus(`post-${id}`)) focus(elementOf(neighbourOf(list.present(), id)));
    list.change((posts) => posts.filter((post) => post.id !== id));
  };
  useEvents((name, data) => {
    if (name === "reset" || name === "post-unpublished") list.reload();
    if (name === "post") leave(data.id);
  });
  if (list.refusal !== null) return html`<p>${list.refusal.message}</p>`;
  return html`${list.items?.length === 0 && html`<p>No post is unpublished.</p>`}
    <ol class="entries">
      ${list.items?.map((post) => html`<${Post} key=${post.id} post=${post} tools=${{ ...tools, list, leave }} />`)}
    </ol>
    <${More} list=${list} what="posts" onRead=${({ id }) => focus(elementOf(id))} onTrouble=${say} />`;
}

function Post({ post, tools }) {
  const { id, title, author, updated_at: at, unpublished_reason: reason } = post;
  const [text, setText] = useState(null);
  const read = () => readText(post, setText, tools);
  return html`<li id=${elementOf(id)} class="report" tabindex="-1">
    <h3>${title}</h3>
    <p class="byline">By ${author.username} · unpublished or changed on <${When} at=${at} /></p>
    <p class="said">${reason}</p>
    ${text !== null && html`<${Sanitized} class="text" text=${text} />`}
    <div class="row">
      ${text === null && html`<${Act} name="Read" title=${title} act=${read} />`}
      <${Act} name="Publish again" title=${title} act=${() => publishAgain(post, tools)} />
    </div>
  </li>`;
}

async function readText(post, setText, { ask, say, focus }) {
  try {
    setText((await ask("GET", `/posts/${post.id}`)).body.html);
    focus(elementOf(post.id));
  } catch (error) {
    say(messageOf(error));
  }
}

async function publishAgain(post, { ask, say, list, leave }) {
  const text = "Everybody will see it. Say why: your reason is recorded.";
  const title = `Publish “${post.title}” again?`;
  const reason = await reasonFor(`publish post ${post.id}`, title, text, "Publish again");
  if (reason === null) return;
  const path = withReason(`/posts/${post.id}`, reason);
  try {
    await ask("PATCH", path, { body: { state: "published" }, headers: ifMatch(post.version) });
    leave(post.id);
    say(`“${post.title}” is published again.`);
  } catch (error) {
    const hasChanged = [404, 412].includes(refusalOf(error)?.status);
    say(hasChanged ? "The post has changed since you read it, and is shown as it is now." : messageOf(error));
    await list.reload();
  }
}

/** The id of the element of a post; that of the heading if there is none. */
function elementOf(id) {
  return id === undefined ? "list" : `post-${id}`;
}
