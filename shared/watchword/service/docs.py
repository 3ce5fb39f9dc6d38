"""The API's documentation page, served from our own origin: it works offline, and no other host sees its readers."""

import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Final
from urllib.parse import quote, urlsplit

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from watchword.auth import public
from watchword.errors import NotFound

REDIRECT_PATH: Final = "/docs/oauth2-redirect"
"""The path that the page's sign-in by redirect comes back to."""

_FILES: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+")
_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def install(app: FastAPI, client_id: str | None = None) -> None:
    """Serve Swagger UI at /docs from the files of the package fastapi-swagger, instead of FastAPI's own pages.

    Its form for signing in starts with `client_id` filled in. An app without an OpenAPI document gets no page.
    """
    _remove_own_pages(app)
    if app.openapi_url is None:
        return

    @app.get("/docs", include_in_schema=False)
    @public
    async def documentation(request: Request) -> HTMLResponse:
        # Quoted: if a mount has a parameter in its path, the caller writes it, and FastAPI puts it into a script.
        prefix = quote(request.scope.get("root_path", "").rstrip("/"))
        page = get_swagger_ui_html(
            openapi_url=f"{prefix}{app.openapi_url}",
            title=app.title,
            swagger_js_url=f"{prefix}/docs/swagger-ui-bundle.js",
            swagger_css_url=f"{prefix}/docs/swagger-ui.css",
            swagger_favicon_url=f"{prefix}/docs/favicon-32x32.png",
            init_oauth={"clientId": client_id} if client_id is not None else None,
        )
        page.headers.update(_fields_of_page(bytes(page.body).decode(), _called_origins(app)))
        return page

    @app.get("/docs/{name}", include_in_schema=False)
    @public
    async def asset(name: str) -> Response:
        if name not in _FILES:
            raise NotFound(f"no file {name}")
        return Response(_content(name), headers={"Cache-Control": "public, max-age=86400"}, media_type=_FILES[name])


@cache
def _content(name: str) -> bytes:
    # Kept, so that each of many slow readers does not have a copy of its own.
    return (resources.files("fastapi_swagger") / "resources" / name).read_bytes()


def _fields_of_page(html: str, called_origins: Sequence[str]) -> dict[str, str]:
    """The header fields with which the page runs only its own script, and calls only its origin and these origins."""
    hashes = [f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in _SCRIPT.findall(html)]
    policy = {
        "default-src": ["'none'"],
        "script-src": ["'self'", *hashes],
        # Swagger UI writes styles into its elements.
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'", *called_origins],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {' '.join(sources)}" for name, sources in policy.items()),
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
