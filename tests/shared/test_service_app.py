"""The app of a service leaves out the layers of FastAPI that do nothing, and only those."""

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from posts_service.app import create_app
from posts_service.parts import assemble
from posts_service.settings import Settings
from tests.support import services


class OutsideLayer:
    """A layer that an app has around its frame, which counts the requests and raises an error for some."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.paths: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.paths.append(scope["path"])
        if scope["path"] == "/broken":
            raise RuntimeError("broken")
        await self.app(scope, receive, send)


@pytest.fixture
def app() -> FastAPI:
    settings = Settings(
        database_url="postgresql://nobody@database.example/posts",
        issuer=services.IDENTITY_URL,
        audience=services.POSTS_URL,
        client_secret=services.POSTS_SECRET,
        pages_sealing_key=services.SEALING_KEY,
    )
    return create_app(assemble(settings))


async def statuses(app: FastAPI, *paths: str) -> list[int]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=services.POSTS_URL) as http:
        return [(await http.get(path)).status_code for path in paths]


async def test_an_error_of_a_layer_outside_the_frame_is_answered(app: FastAPI) -> None:
    app.add_middleware(OutsideLayer)
    assert await statuses(app, "/livez", "/broken", "/livez", "/broken") == [200, 500, 200, 500]


@pytest.mark.parametrize("is_running", [False, True], ids=["before the first request", "after it"])
async def test_what_an_instrument_puts_around_all_layers_is_called(app: FastAPI, is_running: bool) -> None:
    if is_running:
        await statuses(app, "/livez")
    outside = OutsideLayer(app.middleware_stack or app.build_middleware_stack())
    app.middleware_stack = outside
    assert await statuses(app, "/livez", "/livez") == [200, 200]
    assert outside.paths == ["/livez", "/livez"]
