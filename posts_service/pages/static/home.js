// Says that there are newer posts than those on the page.

import { html, render } from "./html.js";
import { onEvent } from "./live.js";

const times = [...document.querySelectorAll(".posts time")].map((element) => element.dateTime);

function isNewer(post) {
  return post.state === "published" && (times.length === 0 || post.published_at.slice(0, 19) >= times[0].slice(0, 19));
}

function isListed(post) {
  return document.querySelector(`.posts a[href="/p/${CSS.escape(post.slug)}"]`) !== null;
}

// Other lists than the newest posts stay as they are.
if (location.search === "") {
  onEvent((name, post) => {
    if (name !== "post" || !isNewer(post) || isListed(post)) return;
    render(html`<a href="/">There are newer posts.</a>`, document.getElementById("news"));
  });
}
