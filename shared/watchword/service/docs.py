"""The API's documentation page, served from our own origin: it works offline, and no other host sees its readers.

Swagger UI comes from the package fastapi-swagger; the page around it, and the one that its sign-in comes back to, from
the folder docs_page.
"""

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib import resources
from string import Template
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from watchword.auth import public
from watchword.errors import NotFound

REDIRECT_PATH: Final = "/docs/oauth2-redirect"
"""The path that the page's sign-in by redirect comes back to."""

_OWN: Final = "watchword.service", "docs_page"
_SWAGGER_UI: Final = "fastapi_swagger", "resources"
_FILES: Final = {
    "page.js": (_OWN, "text/javascript", "no-cache"),
    "redirect.js": (_OWN, "text/javascript", "no-cache"),
    "swagger-ui-bundle.js": (_SWAGGER_UI, "text/javascript", "public, max-age=86400"),
    "swagger-ui.css": (_SWAGGER_UI, "text/css", "public, max-age=86400"),
    "favicon-32x32.png": (_SWAGGER_UI, "image/png", "public, max-age=86400"),
}
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+")


def install(app: FastAPI, client_id: str | None = None) -> None:
    """Serve Swagger UI at /docs from the files of the package fastapi-swagger, instead of FastAPI's own pages.

    It signs people in by a redirect, as the client `client_id` unless the reader enters another one. An app without an
    OpenAPI document gets no page.
    """
    _remove_own_pages(app)
    if app.openapi_url is None:
        return
    template = Template(_content(_OWN, "page.html").decode())

    @app.get("/docs", include_in_schema=False)
    @public
    async def documentation() -> HTMLResponse:
        # Relative, as all addresses of the page are: it may be below a prefix that only a proxy in front knows.
        words = {"title": app.title, "document": f".{app.openapi_url}", "client_id": client_id or ""}
        html = template.substitute({name: escape(word) for name, word in words.items()})
        return HTMLResponse(html, headers=_fields_of_page(_called_origins(app)))

    @app.get(REDIRECT_PATH, include_in_schema=False)
    @public
    async def redirect() -> Response:
        # The script of the page reads the answer in the query; nothing here does.
        fields = _fields_of_redirect_page()
        return Response(_content(_OWN, "redirect.html"), headers=fields, media_type="text/html")

    @app.get("/docs/{name}", include_in_schema=False)
    @public
    async def asset(name: str) -> Response:
        if name not in _FILES:
            raise NotFound(f"no file {name}")
        folder, media_type, caching = _FILES[name]
        return Response(_content(folder, name), headers={"Cache-Control": caching}, media_type=media_type)


@cache
def _content(folder: tuple[str, str], name: str) -> bytes:
    # Kept, so that each of many slow readers does not have a copy of its own.
    package, directory = folder
    return (resources.files(package) / directory / name).read_bytes()


def _fields_of_page(called_origins: Sequence[str]) -> dict[str, str]:
    """The header fields with which the page runs only scripts of its origin, and calls only it and these origins."""
    # Swagger UI writes styles into its elements.
    style, images = "style-src 'self' 'unsafe-inline'", "img-src 'self' data:"
    return _fields(style, images, " ".join(["connect-src 'self'", *called_origins]))


def _fields_of_redirect_page() -> dict[str, str]:
    """The header fields with which nothing keeps the answer in the page's address, and the page calls nobody."""
    return _fields() | {"Cache-Control": "no-store"}


def _fields(*allowed: str) -> dict[str, str]:
    others = ("base-uri", "form-action", "frame-ancestors")
    policy = ["default-src 'none'", "script-src 'self'", *allowed, *(f"{name} 'none'" for name in others)]
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
    }


def _called_origins(app: FastAPI) -> list[str]:
    """The other origins that the OpenAPI document tells a client to call: its servers, and where tokens come from."""
    document = app.openapi()
    schemes = document.get("components", {}).get("securitySchemes", {}).values()
    flows = [flow for scheme in schemes for flow in scheme.get("flows", {}).values()]
    urls = [flow.get("tokenUrl", "") for flow in flows] + [server["url"] for server in document.get("servers", ())]
    origins = {f"{url.scheme}://{url.netloc}" for url in map(urlsplit, urls) if url.scheme and url.netloc}
    return sorted(origin for origin in origins if _ORIGIN.fullmatch(origin))


def _remove_own_pages(app: FastAPI) -> None:
    """Remove FastAPI's documentation pages, which load their scripts from another host."""
    paths = {app.docs_url, app.redoc_url, app.swagger_ui_oauth2_redirect_url} - {None}
    app.router.routes[:] = [route for route in app.router.routes if not _is_own_page(route, paths)]
    app.docs_url = app.redoc_url = app.swagger_ui_oauth2_redirect_url = None


def _is_own_page(route: BaseRoute, paths: set[str | None]) -> bool:
    # An app may have routes of its own at these paths.
    return isinstance(route, Route) and route.path in paths and route.endpoint.__module__ == FastAPI.__module__
