// What moderators read and decide. The service says who is one.

import { Actions } from "./actions.js";
import { html, useState } from "./html.js";
import { showToPerson, Waiting } from "./person_app.js";
import { Reports } from "./reports.js";
import { useFocus, useRequests } from "./requests.js";
import { UnpublishedPosts } from "./unpublished.js";

const LISTS = {
  open: { name: "Open reports", List: Reports },
  resolved: { name: "Resolved", List: Reports },
  dismissed: { name: "Dismissed", List: Reports },
  unpublished: { name: "Unpublished posts", List: UnpublishedPosts, permission: "post:unpublish_any" },
  actions: { name: "Moderation log", List: Actions },
};

function Moderation({ person, signal }) {
  const given = new URLSearchParams(location.search).get("list");
  const key = Object.hasOwn(LISTS, given) ? given : "open";
  const [ask, isWaiting] = useRequests(signal);
  const [message, say] = useState("");
  const focus = useFocus();
  const { name, List, permission } = LISTS[key];
  const tools = { ask, say, focus, person, state: key };
  const may = permission === undefined || person.permissions.includes(permission);
  return html`${person.permissions.length > 0 && html`<${Choices} present=${key} person=${person} />`}
    <p role="status">${message}</p>
    <${Waiting} isWaiting=${isWaiting} />
    <h2 id="list" tabindex="-1">${name}</h2>
    ${may ? html`<${List} tools=${tools} />` : html`<p>You have no permission to unpublish posts.</p>`}`;
}

function Choices({ present, person }) {
  const isFor = ([, { permission }]) => permission === undefined || person.permissions.includes(permission);
  return html`<nav aria-label="Lists">
    ${Object.entries(LISTS).filter(isFor).map(
      ([key, { name }]) => html`<a
        key=${key}
        href=${key === "open" ? "/moderation" : `/moderation?list=${key}`}
        aria-current=${key === present ? "page" : undefined}
        >${name}</a
      >`,
    )}
  </nav>`;
}

showToPerson(Moderation, "see what readers have reported, if you are a moderator");
