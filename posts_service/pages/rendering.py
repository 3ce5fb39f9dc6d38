"""Rendering a page, and the answer that has it."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from posts_service.pages.assets import import_map_hash
from posts_service.pages.environment import environment
from watchword.errors import AppError
from watchword.http import Preconditions
from watchword.pages.return_path import ensure_own_path
from watchword.service import Link

_FIELDS: Final = {
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Vary": "Accept",
}


class Pages:
    """The pages as HTML, which is the same for everybody: scripts add what a signed-in reader may see and do."""

    def __init__(self, issuer: str, origin: str, links: tuple[Link, ...]) -> None:
        """`origin` is that of the pages, for search engines; `links` are for the page `/about`."""
        self._words = {"issuer": issuer, "origin": origin, "links": links}
        self.origin = origin

    def answer(self, request: Request, template: str, words: Mapping[str, Any]) -> Response:
        """The page with these values; 304 if the browser already has it (RFC 9110 section 13.1.2)."""
        html = self._render(template, return_path(request), words)
        fields = {
            **_FIELDS,
            "Content-Security-Policy": policy(),
            "ETag": f'"{blake2b(html, digest_size=16).hexdigest()}"',
        }
        if Preconditions.of_request(request).is_unchanged(fields["ETag"]):
            return Response(status_code=304, headers=fields)
        return HTMLResponse(html, headers=fields)

    def error(self, status: int, title: str, text: str) -> Response:
        """The page that says why the request was refused."""
        html = self._render("error.html", "/", {"title": title, "text": text})
        fields = {**_FIELDS, "Cache-Control": "no-store", "Content-Security-Policy": policy()}
        return HTMLResponse(html, status, fields)

    def _render(self, template: str, path: str, words: Mapping[str, Any]) -> bytes:
        sign_in = f"/auth/start?{urlencode({'return': path})}"
        return environment().get_template(template).render(**self._words, sign_in=sign_in, **words).encode()


def policy() -> str:
    """What the browser lets a page do (CSP level 3): nothing but load our own files and call our own paths. Scripts
    write HTML by one policy of Trusted Types alone, that of `html.js`."""
    return (
        f"default-src 'none'; script-src 'self' {import_map_hash()}; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types sanitized"
    )


def return_path(request: Request) -> str:
    """The path that a sign-in on this page leads back to: that of the page, or `/` if it cannot be a return path."""
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope.get("raw_path", request.scope["path"].encode()).decode("latin-1")
    address = f"{path}?{query}" if query else path
    try:
        ensure_own_path(address)
    except AppError:
        return "/"
    return address
