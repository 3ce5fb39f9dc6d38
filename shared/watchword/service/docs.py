"""The API's documentation page, served from our own origin: it works offline, and no other host sees its readers."""

from importlib import resources
from typing import Final

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, Response

from watchword.auth import public
from watchword.errors import NotFound

_FILES: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
_POLICY: Final = (
    "default-src 'self' http: https:; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
)


def install(app: FastAPI) -> None:
    """Put Swagger UI at /docs. The files are those of the package fastapi-swagger."""

    @app.get("/docs", include_in_schema=False)
    @public
    async def documentation() -> HTMLResponse:
        page = get_swagger_ui_html(
            openapi_url=app.openapi_url or "",
            title=app.title,
            swagger_js_url="/docs/swagger-ui-bundle.js",
            swagger_css_url="/docs/swagger-ui.css",
            swagger_favicon_url="/docs/favicon-32x32.png",
            # Authorize starts with the first-party client filled in.
            init_oauth={"clientId": "web"},
        )
        page.headers["Content-Security-Policy"] = _POLICY + "img-src 'self' data:; frame-ancestors 'none'"
        return page

    @app.get("/docs/{name}", include_in_schema=False)
    @public
    async def asset(name: str) -> Response:
        if name not in _FILES:
            raise NotFound(f"no file {name}")
        content = (resources.files("fastapi_swagger") / "resources" / name).read_bytes()
        return Response(content, headers={"Cache-Control": "public, max-age=86400"}, media_type=_FILES[name])
