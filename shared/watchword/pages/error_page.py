"""A refusal as a page, for a person whose browser was sent here."""

import base64
import hashlib
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

from watchword.errors import AppError
from watchword.http.problem_documents import status_of
from watchword.http.problem_responses import log_refusal
from watchword.pages.errors import StrongerSignInDeclined
from watchword.pages.sign_in_request import SignInRequest

_STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{max-width:40rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_TITLE: Final = "You are not signed in"
_TITLES: Final[dict[type[AppError], str]] = {StrongerSignInDeclined: "You did not sign in once more"}
FIELDS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    # The URL of the callback has the code.
    "Referrer-Policy": "no-referrer",
}
"""The header fields of every answer to a browser that signs in."""


def error_page(error: AppError, sign_in: SignInRequest) -> HTMLResponse:
    """The page that says what a refusal means. It shows nothing of the request but the link to begin again."""
    status = status_of(error)
    log_refusal(status, error.code, error.reason or error.detail)
    title = _TITLES.get(type(error), _TITLE)
    return HTMLResponse(_html(title, error.detail, sign_in.link), status, {**FIELDS, **error.headers()})


def _html(title: str, detail: str, link: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{escape(detail)}</p>
<p><a href="{escape(link)}">Sign in</a></p>
<p><a href="/">Go to the front page</a></p>
</main>
</body>
</html>
"""
