"""A browser at the pages of identity, with cookies of its own."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from tests.support.services import IDENTITY_URL, PASSWORD, Identity

ORIGIN = {"Origin": IDENTITY_URL}
EMPTY: Mapping[str, str] = {}
_MAX_REDIRECTS = 8
_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Browsing:
    http: httpx.AsyncClient

    async def open(self, path: str, status: int = 200) -> str:
        """The page at this path."""
        answer = await self.http.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    async def send(
        self, path: str, fields: Mapping[str, str | Sequence[str]] = EMPTY, *, headers: Mapping[str, str] = ORIGIN
    ) -> httpx.Response:
        """Send a form, as the page of this path does."""
        return await self.http.post(path, data=dict(fields), headers={**_TYPE, **headers})

    async def sign_on(self, username: str = "ada", password: str = PASSWORD) -> None:
        answer = await self.send("/sign-in", {"login": username, "password": password})
        assert answer.status_code == 303, answer.text

    async def way_through(self, location: str, username: str = "ada") -> list[str]:
        """Where the redirects lead from this URL of identity, and at last away from it. On the page to sign in, the
        person does so."""
        way = [location]
        for _ in range(_MAX_REDIRECTS):
            if not way[-1].startswith((IDENTITY_URL, "/")):
                return way
            answer = await self.http.get(way[-1])
            if answer.status_code == 200:
                path = way[-1].removeprefix(IDENTITY_URL)
                answer = await self.send(path, {"login": username, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            way.append(answer.headers["location"])
        raise AssertionError(way)

    async def is_signed_on(self) -> bool:
        return (await self.http.get("/account/devices")).status_code == 200


@asynccontextmanager
async def browsing(identity: Identity, username: str | None = None) -> AsyncIterator[Browsing]:
    """A browser; with a username, the account is registered and signed on in it."""
    transport = httpx.ASGITransport(identity.app)
    async with httpx.AsyncClient(transport=transport, base_url=IDENTITY_URL) as http:
        browser = Browsing(http)
        if username is not None:
            await identity.register(username)
            await browser.sign_on(username)
        yield browser


def leads_to_sign_in(answer: httpx.Response, back_to: str) -> bool:
    """Whether the answer is that the person has to sign in first, and then comes back to this page."""
    location = httpx.URL(answer.headers.get("Location", ""))
    return (answer.status_code, location.path, location.params.get("return")) == (303, "/sign-in", back_to)
