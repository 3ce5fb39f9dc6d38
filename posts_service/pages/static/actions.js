// The record of what moderators did to posts and comments of others.

import { html } from "./html.js";
import { More, usePaged } from "./paged.js";
import { Refusal, When } from "./parts.js";
import { nameOf } from "./version.js";

const WORDS = {
  edit: "changed a post",
  delete: "deleted a post",
  unpublish: "unpublished a post",
  publish: "published a post again",
  restore: "restored a version of a post",
  delete_comment: "deleted a comment",
};

export function Actions({ tools }) {
  const list = usePaged(tools.ask, "/moderation/actions");
  if (list.refusal !== null) return html`<${Refusal} refusal=${list.refusal} />`;
  return html`${list.items?.length === 0 && html`<p>No moderator has done anything yet.</p>`}
    <ol class="entries">
      ${list.items?.map((item) => html`<${Entry} key=${item.id} item=${item} />`)}
    </ol>
    <${More} list=${list} what="entries" onRead=${({ id }) => tools.focus(id)} onTrouble=${tools.say} />`;
}

function Entry({ item: { id, actor, owner, action, reason, happened_at: at } }) {
  return html`<li id=${id} tabindex="-1">
    <p><strong>${nameOf(actor)}</strong> ${WORDS[action]} of ${nameOf(owner)}</p>
    <p class="byline"><${When} at=${at} /></p>
    <p class="said">${reason}</p>
  </li>`;
}
