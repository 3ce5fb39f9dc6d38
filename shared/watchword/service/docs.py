"""The API's documentation page, served from our own origin: it works offline, and no other host sees its readers."""

from importlib import resources
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from watchword.auth import public
from watchword.errors import NotFound

_FILES: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
_POLICY: Final = (
    "default-src 'self' http: https:; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'"
)


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
        page.headers["Content-Security-Policy"] = _POLICY
        return page

    @app.get("/docs/{name}", include_in_schema=False)
    @public
    async def asset(name: str) -> Response:
        if name not in _FILES:
            raise NotFound(f"no file {name}")
        content = (resources.files("fastapi_swagger") / "resources" / name).read_bytes()
        return Response(content, headers={"Cache-Control": "public, max-age=86400"}, media_type=_FILES[name])


def _remove_own_pages(app: FastAPI) -> None:
    """Remove FastAPI's documentation pages, which load their scripts from another host."""
    paths = {app.docs_url, app.redoc_url, app.swagger_ui_oauth2_redirect_url} - {None}
    app.router.routes[:] = [route for route in app.router.routes if not _is_own_page(route, paths)]
    app.docs_url = app.redoc_url = app.swagger_ui_oauth2_redirect_url = None


def _is_own_page(route: BaseRoute, paths: set[str | None]) -> bool:
    # An app may have routes of its own at these paths.
    return isinstance(route, Route) and route.path in paths and route.endpoint.__module__ == FastAPI.__module__
