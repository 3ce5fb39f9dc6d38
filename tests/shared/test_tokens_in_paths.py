"""A path that holds the token of a letter is logged as its route's template, whatever the answer is."""

import logging
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.shared.apps import client_for, plain_app
from watchword.auth import public

TOKEN = "2NTw_Rps7FzBoHlz0BPt5TiPjcrLWXGkt8B3YuOwhfA"


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = plain_app()

    @app.post("/links/{token}")
    @public
    async def link(token: str, fails: bool = False) -> None:
        if fails:
            raise RuntimeError("a bug")

    @app.get("/posts/{slug}")
    @public
    async def post(slug: str) -> None: ...

    async with client_for(app) as http:
        yield http


each_request = pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", f"/links/{TOKEN}", 200),
        ("POST", f"/links/{TOKEN}?fails=1", 500),
        ("POST", f"/links/{TOKEN}?fails=perhaps", 422),
        ("POST", "/links/tiny-one", 200),
        ("PUT", f"/links/{TOKEN}", 405),
        ("POST", f"/links/{TOKEN}/", 307),
        ("GET", f"/lnks/{TOKEN})", 404),
    ],
)


@each_request
async def test_the_log_has_the_template_and_not_the_token(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, method: str, path: str, status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    assert (await http.request(method, path)).status_code == status
    lines = [f"{record.getMessage()} {record.__dict__}" for record in caplog.records if record.name.startswith("watch")]
    assert any("{token}" in line for line in lines)
    assert not any(TOKEN in line or "tiny-one" in line for line in lines)


async def test_any_other_parameter_is_logged_however_long(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    slug = "on-the-engines-of-the-nineteenth-century-and-more"
    await http.get(f"/posts/{slug}")
    assert any(slug in record.getMessage() for record in caplog.records if record.name == "watchword.requests")
