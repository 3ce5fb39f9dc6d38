"""The page at `/`: what this service is, and where everything is. Programs that ask for JSON get the same as JSON."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from watchword.auth import public
from watchword.http.weights import weights

_STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{max-width:40rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "dt{margin-top:1rem}dd{margin:0}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Cache-Control": "public, max-age=300",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
}
_HTML: Final = "text/html"
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Link:
    """A place that the page names: a URL, or a path of this service."""

    url: str
    title: str
    text: str


OWN_LINKS: Final = (
    Link("/docs", "Documentation of the API", "Every operation, to read and to try."),
    Link("/openapi.json", "OpenAPI document", "The same for programs."),
    Link("/livez", "Alive?", "200 while the process answers."),
    Link("/readyz", "Ready?", "200 while it can do its work; otherwise what is missing."),
    Link("/metrics", "Metrics", "For Prometheus. A proxy in front may keep them inside the network."),
)
"""What every service has."""


def front_page_routes(title: str, summary: str, links: Sequence[Link]) -> APIRouter:
    """The route `/`. `links` are those of this service; the operations that every service has come after them."""
    router = APIRouter()

    @router.get("/", include_in_schema=False)
    @public
    async def front_page(request: Request) -> Response:
        prefix = quote(request.scope.get("root_path", "").rstrip("/"))
        places = [Link(_below(prefix, link.url), link.title, link.text) for link in (*links, *OWN_LINKS)]
        if prefers_json(",".join(request.headers.getlist("accept"))):
            return Response(_as_json(title, summary, places), headers=_HEADERS, media_type=_JSON)
        return Response(_as_html(title, summary, places), headers=_HEADERS, media_type=_HTML)

    return router


def _below(prefix: str, url: str) -> str:
    return f"{prefix}{url}" if url.startswith("/") else url


def _as_json(title: str, summary: str, links: Sequence[Link]) -> bytes:
    places = [{"title": link.title, "url": link.url, "text": link.text} for link in links]
    return orjson.dumps({"title": title, "summary": summary, "links": places})


def _as_html(title: str, summary: str, links: Sequence[Link]) -> str:
    places = "\n".join(
        f'<dt><a href="{escape(link.url)}">{escape(link.title)}</a></dt>\n<dd>{escape(link.text)}</dd>'
        for link in links
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(title)}</h1>
<p>{escape(summary)}</p>
<dl>
{places}
</dl>
</body>
</html>
"""


def prefers_json(accept: str) -> bool:
    """Whether the header field Accept prefers JSON to HTML (RFC 9110 section 12.5.1)."""
    return _quality(accept, _JSON) > _quality(accept, _HTML)


def _quality(accept: str, media_type: str) -> float:
    """The quality of the most specific range that this type is in; 0 if it is in none."""
    wildcards = ("*/*", f"{media_type.partition('/')[0]}/*", media_type)
    best = (-1, 0.0)
    for media_range, weight in weights(accept):
        if media_range in wildcards:
            best = max(best, (wildcards.index(media_range), weight))
    return best[1]
