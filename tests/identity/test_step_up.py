"""A service asks for a more recent sign-in, and the client follows its challenge (RFC 9470)."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.identity.authorizing import Application, application, sign_in, tokens_by_code
from tests.identity.browsing import Browsing, browsing
from tests.identity.stepping_up import needs_of, payments
from tests.support.services import POSTS_URL, Identity, bearer
from watchword.testing import StandingClock


@pytest.fixture
async def service(identity_at: Identity, clock: StandingClock) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(payments(identity_at, clock))
    async with httpx.AsyncClient(transport=transport, base_url=POSTS_URL) as http:
        yield http


@pytest.fixture
async def app(identity_at: Identity) -> Application:
    return await application(identity_at)


@pytest.fixture
async def browser(identity_at: Identity, app: Application) -> AsyncIterator[Browsing]:
    """A browser in which ada is signed on."""
    async with browsing(identity_at, "ada") as browser:
        yield browser


async def test_client_that_repeats_its_request_with_the_challenge_gets_a_token_that_passes(
    identity_at: Identity, service: httpx.AsyncClient, browser: Browsing, app: Application, clock: StandingClock
) -> None:
    tokens = await tokens_by_code(browser, identity_at, app)
    assert (await service.get("/payments", headers=bearer(tokens["access_token"]))).status_code == 200

    # The token of a refresh is younger than the sign-in, and does not pass.
    clock.advance(seconds=400)
    refreshed = (await identity_at.refresh(tokens["refresh_token"], client_id=app.id)).json()
    refusal = await service.get("/payments", headers=bearer(refreshed["access_token"]))
    needs = needs_of(refusal)
    assert needs == {"max_age": "300"}

    answer = await sign_in(browser, app, **needs)
    renewed = (await app.exchange(identity_at, answer["code"])).json()
    assert (await service.get("/payments", headers=bearer(renewed["access_token"]))).status_code == 200


async def test_client_whose_person_signed_in_a_moment_ago_is_not_sent_to_the_sign_in_page(
    identity_at: Identity, service: httpx.AsyncClient, browser: Browsing, app: Application, clock: StandingClock
) -> None:
    clock.advance(seconds=200)
    tokens = await tokens_by_code(browser, identity_at, app, max_age=300)
    assert (await service.get("/payments", headers=bearer(tokens["access_token"]))).status_code == 200


async def test_password_alone_is_no_second_factor(
    identity_at: Identity, service: httpx.AsyncClient, browser: Browsing, app: Application
) -> None:
    tokens = await tokens_by_code(browser, identity_at, app)
    answer = await service.get("/keys", headers=bearer(tokens["access_token"]))
    needs = needs_of(answer)
    assert needs == {"acr_values": "mfa"}
    page = (await browser.http.get(app.path(**needs))).headers["Location"]
    assert page.startswith("/sign-in/stronger?")


async def test_tokens_of_the_password_grant_say_when_the_password_was_entered(
    identity_at: Identity, service: httpx.AsyncClient, clock: StandingClock
) -> None:
    await identity_at.register("bob")
    tokens = await identity_at.sign_in("bob")
    clock.advance(seconds=400)
    refreshed = (await identity_at.refresh(tokens["refresh_token"])).json()
    assert needs_of(await service.get("/payments", headers=bearer(refreshed["access_token"]))) == {"max_age": "300"}
    again = await identity_at.sign_in("bob")
    assert (await service.get("/payments", headers=bearer(again["access_token"]))).status_code == 200
