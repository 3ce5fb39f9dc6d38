// One report: what is reported, by whom and why, and what a moderator can do about it.

import { html } from "./html.js";
import { Act, When } from "./parts.js";
import { decide, decisionOf, removeComment, unpublish } from "./report_acts.js";

export function Report({ report, tools }) {
  const { id, reporter, created_at: at, reason, state } = report;
  return html`<li id=${id} class="report" tabindex="-1">
    <h3><${About} report=${report} /></h3>
    <${Beginning} report=${report} />
    <p class="byline">Reported by ${reporter.username} · <${When} at=${at} /></p>
    <p class="said">${reason}</p>
    ${state === "open" ? html`<${Acts} report=${report} tools=${tools} />` : html`<${Decision} report=${report} />`}
  </li>`;
}

function About({ report: { post, comment } }) {
  const title = html`<${Title} post=${post} anchor=${comment === null ? "" : `#comment-${comment.id}`} />`;
  if (comment === null) return html`A post by ${post.author.username}: ${title}`;
  if (comment.author === null) return html`A removed comment on ${title}`;
  return html`A comment by ${comment.author.username} on ${title}`;
}

/** Readers find the post where the link leads; what is not published has no page. */
function Title({ post, anchor }) {
  if (post.title === null) return "a post that you may not see";
  if (post.state !== "published") return `“${post.title}”, which is unpublished`;
  return html`<a href=${`/p/${post.slug}${anchor}`}>${post.title}</a>`;
}

function Beginning({ report: { post, comment } }) {
  const text = (comment ?? post).beginning;
  return text === null ? null : html`<blockquote>${text}</blockquote>`;
}

function Decision({ report }) {
  return html`<p class="said">${decisionOf(report)}</p>
    <p class="byline"><${When} at=${report.decided_at} /></p>`;
}

/** A moderator leaves what is their own to another one, and needs a permission for each act. */
function Acts({ report, tools }) {
  const { post, comment } = report;
  const { id, permissions } = tools.person;
  if ((comment ?? post).author?.id === id) return html`<p>It is yours: another moderator decides about it.</p>`;
  const title = post.title ?? "a post that you may not see";
  const isUnpublishable = comment === null && post.state === "published" && permissions.includes("post:unpublish_any");
  const isRemovable = typeof comment?.beginning === "string" && permissions.includes("comment:delete_any");
  const button = (name, act) => html`<${Act} name=${name} title=${title} act=${act} />`;
  return html`<div class="row">
    ${button("Resolve", () => decide(report, "resolved", tools))}
    ${button("Dismiss", () => decide(report, "dismissed", tools))}
    ${isUnpublishable && button("Unpublish", () => unpublish(report, tools))}
    ${isRemovable && button("Delete comment", () => removeComment(report, tools))}
  </div>`;
}
