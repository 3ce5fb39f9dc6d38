// The versions of a post, which can be read and restored.

import { html, useEffect, useState } from "./html.js";
import { More, usePaged } from "./paged.js";
import { When } from "./parts.js";
import { Waiting } from "./person_app.js";
import { refusalOf, useFocus, useRequests } from "./requests.js";
import { readPresent, readVersion, restore } from "./restoring.js";
import { Version, nameOf } from "./version.js";

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function History({ person, signal }) {
  const id = new URLSearchParams(location.search).get("history");
  const [ask, isWaiting] = useRequests(signal);
  const [message, say] = useState("");
  return html`<p><a href="/mine">All your posts</a></p>
    <p role="status">${message}</p>
    <${Waiting} isWaiting=${isWaiting} />
    ${ID.test(id) ? html`<${Versions} tools=${{ id, person, ask, say }} />` : html`<p>There is no such post.</p>`}`;
}

function Versions({ tools }) {
  const list = usePaged(tools.ask, `/posts/${tools.id}/versions`);
  const { present, refusal, refresh } = usePresent(tools);
  const [shown, setShown] = useState(null);
  const focus = useFocus();
  const show = async (number) => {
    setShown(await readVersion(number, tools));
    focus("shown");
  };
  const act = async () => {
    if (await restore(shown, present, tools)) {
      setShown(null);
      focus("history");
    }
    await Promise.all([refresh(), list.reload()]);
  };
  if (list.refusal ?? refusal) return html`<p>${(list.refusal ?? refusal).message}</p>`;
  const ofWhat = present === null ? "" : ` of “${present.post.title}”`;
  return html`<h2 id="history" tabindex="-1">History${ofWhat}</h2>
    <ol class="entries">
      ${list.items?.map((item) => html`<${Entry} key=${item.version} item=${item} show=${show} />`)}
    </ol>
    <${More} list=${list} what="versions" onRead=${({ version }) => focus(buttonOf(version))} onTrouble=${tools.say} />
    ${shown && present && html`<${Version} version=${shown} present=${present.version} act=${act} />`}`;
}

/** The post and its version as they are now: `present`, null until they are read, or the `refusal`. */
function usePresent(tools) {
  const [outcome, setOutcome] = useState({ present: null, refusal: null });
  const refresh = async () => {
    try {
      setOutcome({ present: await readPresent(tools), refusal: null });
    } catch (error) {
      setOutcome({ present: null, refusal: refusalOf(error) });
    }
  };
  useEffect(() => void refresh(), [tools.id]);
  return { ...outcome, refresh };
}

function Entry({ item, show }) {
  const { version, title, state, editor, written_at: at } = item;
  return html`<li>
    <p><strong>${title}</strong> (${state})</p>
    <p class="byline">Version ${version} by ${nameOf(editor)} · <${When} at=${at} /></p>
    <button type="button" class="second" id=${buttonOf(version)} onClick=${() => show(version)}>
      Show version ${version}
    </button>
  </li>`;
}

function buttonOf(version) {
  return `version-${version}`;
}
