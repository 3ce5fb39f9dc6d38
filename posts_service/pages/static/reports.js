// The queue of the moderators, and what they have decided.

import { html } from "./html.js";
import { More, usePaged } from "./paged.js";
import { Refusal } from "./parts.js";
import { hasFocus, messageOf, neighbourOf, useEvents } from "./requests.js";
import { readReport } from "./report_acts.js";
import { Report } from "./report.js";

const NOTHING = { open: "Nothing is reported.", resolved: "Nothing is resolved.", dismissed: "Nothing is dismissed." };

export function Reports({ tools }) {
  const { ask, say, focus, state } = tools;
  const list = usePaged(ask, `/moderation/reports?state=${state}`);
  const queue = queueOf(list, tools);
  useEvents((name, data) => {
    if (name === "reset") list.reload();
    else queue.refresh(({ post }) => post.id === data.id);
  });
  if (list.refusal !== null) return html`<${Refusal} refusal=${list.refusal} />`;
  return html`${list.items?.length === 0 && html`<p>${NOTHING[state]}</p>`}
    <ol class="entries">
      ${list.items?.map((item) => html`<${Report} key=${item.id} report=${item} tools=${{ ...tools, queue }} />`)}
    </ol>
    <${More} list=${list} what="reports" onRead=${({ id }) => focus(id)} onTrouble=${say} />
    <p><button type="button" class="second" onClick=${list.reload}>Reload the list</button></p>`;
}

/** Changes of the list. `put` takes a Map of reports as they are now, by id, with null for one that is gone; a report
 * in another state leaves the list. `refresh` reads again those that `isMeant` selects. */
function queueOf(list, { ask, say, focus, state }) {
  const put = (reports) => {
    const stays = ({ id }) => !reports.has(id) || reports.get(id)?.state === state;
    const leaving = list.present().find((item) => !stays(item) && hasFocus(item.id));
    if (leaving !== undefined) focus(neighbourOf(list.present(), leaving.id, stays) ?? "list");
    list.change((items) => items.filter(stays).map((item) => reports.get(item.id) ?? item));
  };
  const refresh = async (isMeant) => {
    const ids = list.present().filter(isMeant).map(({ id }) => id);
    try {
      put(new Map(await Promise.all(ids.map(async (id) => [id, await readReport(ask, id)]))));
    } catch (error) {
      say(messageOf(error));
    }
  };
  return { put, refresh };
}

