"""A page that is left while it gets its access token: the answer, with the cookie for the next call, is received."""

import asyncio
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, JSONResponse
from playwright.async_api import Browser

import posts_service.pages.assets as files
from posts_service.pages.rendering import Pages
from tests.browser.opening import opened
from tests.support.live_server import serving
from tests.support.waiting import until

EXAMPLE = Path(__file__).parents[2] / "examples" / "notes_pages.html"
OF_POSTS = bytes(Pages("http://issuer.example", "", ()).error(200, "A page", "Like every other one").body).decode()


class SlowTokens:
    """A service whose page is the given one, and which has spent a refresh token before it answers."""

    def __init__(self, page: str) -> None:
        self.is_called, self.may_answer = asyncio.Event(), asyncio.Event()
        self.app = FastAPI()
        self.app.get("/")(lambda: HTMLResponse(page))
        self.app.get("/assets/{name}")(self.asset)
        self.app.post("/auth/token")(self.token)

    def asset(self, name: str) -> HTMLResponse:
        asset = files.served_assets()[name]
        return HTMLResponse(asset.content, media_type=asset.media_type)

    async def token(self) -> JSONResponse:
        self.is_called.set()
        await self.may_answer.wait()
        answer = JSONResponse({"access_token": "token"})
        answer.set_cookie("session", "next", httponly=True, samesite="strict")
        return answer


@pytest.mark.parametrize(
    ("page", "cookie_name"),
    [(OF_POSTS, "posts"), (EXAMPLE.read_text(), "watchword")],
    ids=["posts", "the example"],
)
async def test_a_page_that_is_left_while_it_gets_its_token_keeps_its_session(
    browser: Browser, page: str, cookie_name: str
) -> None:
    service = SlowTokens(page)
    async with serving(service.app) as server, opened(browser, url := f"http://127.0.0.1:{server.port}") as tab:
        await tab.context.add_cookies([{"name": f"{cookie_name}_signed_in_{server.port}", "value": "1", "url": url}])
        await tab.goto(url)
        await service.is_called.wait()
        await tab.goto("about:blank")
        service.may_answer.set()

        async def has_session() -> bool:
            return "next" in [cookie["value"] for cookie in await tab.context.cookies(url)]

        await until(has_session)
