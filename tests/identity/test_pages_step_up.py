"""The pages of a service follow the challenge of its guard (RFC 9470): the person signs in at identity again."""

import secrets
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape

import httpx
import pytest
from fastapi import FastAPI

from tests.identity.authorizing import application
from tests.identity.browsing import Browsing, browsing
from tests.identity.stepping_up import needs_of, payments
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity, bearer
from watchword import pages
from watchword.pages import PagesSettings
from watchword.testing import StandingClock

ORIGIN = "http://payments.localhost:8010"
SECRET = "secret-of-the-pages-of-payments"


@dataclass
class Visit:
    """A browser at the pages of a service, and at identity."""

    identity: Browsing
    service: httpx.AsyncClient

    async def sign_in(self, **demands: str) -> bool:
        """Follow the link to sign in until the service has the person back, and return whether they had to enter their
        password."""
        start = await self.service.get("/auth/start", params={"return": "/", **demands})
        way = await self.identity.way_through(start.headers["location"])
        answer = await self.service.get(way[-1])
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), answer.text
        return any(httpx.URL(location).path == "/sign-in" for location in way)

    async def call(self, path: str) -> httpx.Response:
        """What the service answers to a script of its page."""
        answer = await self.service.post("/auth/token", headers={"Origin": ORIGIN})
        return await self.service.get(path, headers=bearer(answer.json()["access_token"]))


def service_with_pages(identity: Identity, clock: StandingClock) -> FastAPI:
    """The service, with pages that sign people in at identity."""
    app = payments(identity, clock)
    key = b64encode(secrets.token_bytes(32)).decode()
    client = {"client_id": "payments-pages", "client_secret": SECRET, "sealing_key": key}
    settings = PagesSettings(issuer=IDENTITY_URL, origin=ORIGIN, audience=POSTS_URL, scopes=["posts:write"], **client)
    pages.install(app, settings, clock=clock, transport=httpx.ASGITransport(identity.app))
    return app


@pytest.fixture
async def visit(identity_at: Identity, clock: StandingClock) -> AsyncIterator[Visit]:
    scopes, callback = ["openid", "posts:write"], f"{ORIGIN}/auth/callback"
    await application(
        identity_at,
        "payments-pages",
        SECRET,
        scopes=scopes,
        audiences=[IDENTITY_URL, POSTS_URL],
        redirect_uris=[callback],
    )
    await identity_at.register("ada")
    transport = httpx.ASGITransport(service_with_pages(identity_at, clock))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as service, browsing(identity_at) as browser:
        visit = Visit(browser, service)
        assert await visit.sign_in()
        yield visit


async def test_a_page_that_follows_the_challenge_may_do_what_the_old_sign_in_may_not(
    visit: Visit, clock: StandingClock
) -> None:
    assert (await visit.call("/payments")).status_code == 200
    clock.advance(seconds=400)
    # A refresh makes the sign-in no younger, and nor does a redirect without the demand.
    assert (await visit.call("/payments")).status_code == 401
    assert not await visit.sign_in()
    demands = needs_of(await visit.call("/payments"))
    assert demands == {"max_age": "300"}

    assert await visit.sign_in(**demands)
    assert (await visit.call("/payments")).status_code == 200
    # Whoever has just signed in is not asked again.
    assert not await visit.sign_in(**demands)
    assert (await visit.call("/payments")).status_code == 200
    clock.advance(seconds=1)
    assert await visit.sign_in(max_age="0")


async def test_a_demand_that_is_taken_out_on_the_way_to_identity_is_not_met(visit: Visit, clock: StandingClock) -> None:
    clock.advance(seconds=400)
    location = (await visit.service.get("/auth/start?return=/&max_age=300")).headers["location"]
    plain = httpx.URL(location).copy_remove_param("max_age")
    answer = await visit.identity.http.get(str(plain))
    callback = await visit.service.get(answer.headers["location"])
    assert (callback.status_code, "too long ago" in callback.text) == (400, True)
    # The former session is what it was.
    assert (await visit.call("/payments")).status_code == 401


async def test_somebody_else_who_signs_in_for_a_demand_comes_in_by_the_link_of_the_refusal(
    visit: Visit, identity_at: Identity, clock: StandingClock
) -> None:
    await identity_at.register("bob")
    clock.advance(seconds=400)
    start = await visit.service.get("/auth/start?return=/&max_age=300")
    way = await visit.identity.way_through(start.headers["location"], "bob")
    refusal = await visit.service.get(way[-1])
    assert (refusal.status_code, "login_required" in way[-1]) == (400, True)
    # With a demand, identity would ask for ada again and again, whose session has ended when bob signed in.
    link = unescape(refusal.text.partition('href="')[2].partition('"')[0])
    again = await visit.service.get(link)
    answer = await visit.service.get((await visit.identity.way_through(again.headers["location"], "bob"))[-1])
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (await visit.call("/payments")).status_code == 200


async def test_a_person_without_a_second_factor_may_decline_to_add_one_and_stays_signed_in(visit: Visit) -> None:
    demands = needs_of(await visit.call("/keys"))
    assert demands == {"acr_values": "mfa"}
    start = await visit.service.get("/auth/start", params={"return": "/", **demands})
    stronger = (await visit.identity.http.get(start.headers["location"])).headers["location"]
    assert "Add a second factor" in await visit.identity.open(stronger)
    declined = await visit.identity.send(stronger)
    callback = await visit.service.get(declined.headers["location"])
    assert (callback.status_code, "You are still signed in" in callback.text) == (403, True)
    assert (await visit.call("/payments")).status_code == 200
    assert needs_of(await visit.call("/keys")) == demands


async def test_a_person_who_is_led_to_a_second_factor_goes_on_with_the_same_session(
    visit: Visit, databases: Databases
) -> None:
    demands = needs_of(await visit.call("/keys"))
    start = await visit.service.get("/auth/start", params={"return": "/", **demands})
    stronger = (await visit.identity.http.get(start.headers["location"])).headers["location"]
    await databases.execute("identity_app", "UPDATE identity.sign_ons SET acr = 'mfa', amr = '{pwd,otp,mfa}'")
    way = await visit.identity.way_through(stronger)
    assert (await visit.service.get(way[-1])).headers["location"] == "/"
    assert (await visit.call("/keys")).status_code == 200
    (session,) = await databases.fetch("identity_app", "SELECT acr FROM identity.sessions")
    assert session["acr"] == "mfa"


async def test_a_page_that_follows_the_challenge_keeps_its_session(
    visit: Visit, clock: StandingClock, databases: Databases
) -> None:
    clock.advance(seconds=400)
    demands = needs_of(await visit.call("/payments"))
    assert await visit.sign_in(**demands)
    assert (await visit.call("/payments")).status_code == 200
    # Another tab goes on too: the browser has one cookie.
    assert (await visit.call("/payments")).status_code == 200
    (session,) = await databases.fetch("identity_app", "SELECT ended_at, authenticated_at FROM identity.sessions")
    assert (session["ended_at"], session["authenticated_at"]) == (None, clock.now())
