"""The HTML of the pages."""

from collections.abc import Iterable
from html import escape
from typing import Final

from posts_service.pages.assets import assets
from posts_service.posts.view import PostView

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SIGN_IN: Final = '<p>You are not signed in.</p>\n<p><a href="/auth/start?return=/mine">Sign in</a></p>'


def my_posts_page() -> str:
    """The page of somebody's own posts, whose script fetches its contents."""
    files = assets()
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Your posts</title>
<link rel="stylesheet" href="{files["pages.css"].path}">
<script type="module" src="{files["mine.js"].path}"></script>
</head>
<body>
<main>
<h1>Your posts</h1>
<div id="contents" aria-live="polite">
<noscript><p>This page needs JavaScript.</p></noscript>
</div>
<template id="failed">
<p>Your posts cannot be shown at the moment. <a href="/mine">Try again</a></p>
</template>
</main>
</body>
</html>
"""


def my_posts(username: str, drafts: Iterable[PostView], published: Iterable[PostView]) -> str:
    """The contents of the page: who is signed in, and the titles of their posts."""
    titles = [f'<li>{escape(post.title)} <span class="quiet">(draft)</span></li>' for post in drafts]
    titles += [f"<li>{escape(post.title)}</li>" for post in published]
    post_list = "<ul>\n{}\n</ul>".format("\n".join(titles)) if titles else "<p>You have not written anything yet.</p>"
    return f"""<p>You are signed in as <strong>{escape(username)}</strong>.</p>
{post_list}
<p><button type="button" id="sign-out">Sign out</button></p>
"""
