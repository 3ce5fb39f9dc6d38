"""The pages of posts sign a person in at identity, and hold a session of their own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

import posts_service.app
from tests.identity.browsing import Browsing, browsing
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, POSTS_URL, Identity, bearer, client_for, posts_parts
from watchword.auth import RemoteKeys, Verifier

OWN = {"Origin": POSTS_URL}
COOKIES = {"posts_session_8002", "posts_signed_in_8002"}
LIVE = "SELECT 1 FROM identity.sessions WHERE ended_at IS NULL AND client_id = 'posts-pages'"


@dataclass
class Visit:
    """One browser, with its cookies at identity and at posts."""

    identity: Browsing
    posts: httpx.AsyncClient

    async def callback(self) -> str:
        """Begin to sign in at posts, sign in at identity, and return the URL that leads back."""
        location = (await self.posts.get("/auth/start?return=/mine")).headers["location"]
        return (await self.identity.way_through(location))[-1]

    async def sign_in(self) -> None:
        answer = await self.posts.get(await self.callback())
        assert (answer.status_code, answer.headers["location"]) == (303, "/mine"), answer.text

    async def token(self) -> httpx.Response:
        return await self.posts.post("/auth/token", headers=OWN)


async def sessions(databases: Databases) -> int:
    """How many sessions of the pages of posts are live."""
    return len(await databases.fetch("identity_owner", LIVE))


@pytest.fixture
async def visit(identity: Identity, databases: Databases) -> AsyncIterator[Visit]:
    transport = httpx.ASGITransport(identity.app)
    keys = RemoteKeys(f"{IDENTITY_URL}/.well-known/jwks.json", transport=transport)
    verifier = Verifier(issuer=IDENTITY_URL, audience=POSTS_URL, keys=keys)
    parts = posts_parts(databases, verifier)
    app = posts_service.app.create_app(parts, issuer_transport=transport)
    await identity.register("ada")
    async with client_for(app, POSTS_URL) as posts, browsing(identity) as browser:
        yield Visit(browser, posts)


async def test_a_person_signs_in_reads_and_signs_out(visit: Visit, identity: Identity, databases: Databases) -> None:
    await visit.sign_in()
    assert set(visit.posts.cookies) == COOKIES
    token = (await visit.token()).json()["access_token"]
    assert (await visit.posts.get("/posts?state=draft", headers=bearer(token))).status_code == 200
    assert await sessions(databases) == 1
    answer = (await visit.posts.post("/auth/sign-out", headers=OWN)).json()
    assert (answer["revoked"], set(visit.posts.cookies)) == (True, set())
    assert await sessions(databases) == 0
    assert (await visit.token()).status_code == 401
    # The page of identity signs the person out there too, and leads back.
    answer = await visit.identity.http.get(answer["continue_at"])
    assert (answer.status_code, answer.headers["location"]) == (303, f"{POSTS_URL}/")
    assert not await visit.identity.is_signed_on()


async def test_a_person_makes_an_account_on_the_way_and_comes_back_signed_in(visit: Visit) -> None:
    start = await visit.posts.get("/auth/start?return=/mine&prompt=create")
    sign_up = (await visit.identity.http.get(start.headers["location"])).headers["location"]
    account = {"username": "bob", "email": "bob@example.com", "password": PASSWORD}
    sign_in = (await visit.identity.send(sign_up, account)).headers["location"]
    callback = (await visit.identity.way_through(sign_in, "bob"))[-1]
    assert (await visit.posts.get(callback)).headers["location"] == "/mine"
    token = (await visit.token()).json()["access_token"]
    assert (await visit.posts.get("/posts?state=draft", headers=bearer(token))).status_code == 200
    assert "bob" in await visit.identity.open("/account")


async def test_two_tabs_get_tokens_at_once_and_one_after_the_other(visit: Visit) -> None:
    await visit.sign_in()
    answers = await asyncio.gather(*(visit.token() for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert (await visit.token()).status_code == 200


async def test_two_tabs_sign_in_at_once(visit: Visit) -> None:
    first, second = await visit.callback(), await visit.callback()
    for callback in (first, second):
        assert (await visit.posts.get(callback)).status_code == 303
    assert set(visit.posts.cookies) == COOKIES


async def test_a_second_sign_in_needs_no_password_and_each_browser_has_a_session(
    visit: Visit, databases: Databases
) -> None:
    await visit.sign_in()
    visit.posts.cookies.clear()
    await visit.sign_in()
    assert (await visit.token()).status_code == 200
    assert await sessions(databases) == 2


async def test_a_callback_that_comes_twice_or_in_another_browser_ends_nothing(visit: Visit) -> None:
    callback = await visit.callback()
    mine = httpx.Cookies(visit.posts.cookies)
    visit.posts.cookies.clear()
    assert (await visit.posts.get(callback)).status_code == 400
    visit.posts.cookies = mine
    assert (await visit.posts.get(callback)).status_code == 303
    assert (await visit.posts.get(callback)).status_code == 400
    assert (await visit.token()).status_code == 200


async def test_a_session_that_ends_at_identity_ends_on_the_pages(visit: Visit) -> None:
    await visit.sign_in()
    await visit.identity.send("/sign-out")
    answer = await visit.token()
    assert (answer.status_code, answer.json()["code"], set(visit.posts.cookies)) == (401, "not_signed_in", set())
