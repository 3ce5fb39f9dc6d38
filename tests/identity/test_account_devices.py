"""/account/devices: seeing where one is signed in, and ending it."""

from typing import Any
from uuid import uuid4

import pytest

from identity_service.pages import device_routes
from tests.identity.answers import claims_of
from tests.identity.browsing import Browsing, browsing, leads_to_sign_in
from tests.identity.receivers import receiver_with_stream
from tests.identity.signing_in import ensure_ended, ensure_live
from tests.identity.test_prefer_acts import acknowledging
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
DEVICES = "/account/devices"


@pytest.fixture
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_routes, "OBEDIENCE_SECONDS", 0)


async def session_of(identity: Identity, username: str = "ada") -> tuple[dict[str, Any], str]:
    """The tokens of another session, and its id."""
    tokens = await identity.sign_in(username, resource=IDENTITY_URL)
    return tokens, str(claims_of(tokens["access_token"])["sid"])


async def sign_on_id(databases: Databases, username: str) -> str:
    """The id of the latest sign-on of this person."""
    query = (
        "SELECT s.id FROM identity.sign_ons s JOIN identity.users u ON u.id = user_id WHERE username = $1 ORDER BY s.id"
    )
    return str((await databases.fetch("identity_owner", query, username))[-1]["id"])


async def test_the_page_shows_what_is_signed_in_and_the_present_browser_first(
    ada: Browsing, identity: Identity
) -> None:
    page = await ada.open(DEVICES)
    assert ("You are using it now" in page, DEVICES + "/others" in page) == (True, False)
    async with browsing(identity) as firefox, browsing(identity, "eve"):
        firefox.http.headers["User-Agent"] = FIREFOX
        await firefox.sign_on()
        _, session_id = await session_of(identity)
        page = await ada.open(DEVICES)
        assert page.count("<li>") == 3
        assert page.index("You are using it now") < page.index("Firefox on Linux")
        assert [text in page for text in (session_id, "python-httpx", "127.0.0.1", DEVICES + "/others")] == [True] * 4
        page = await firefox.open(DEVICES)
        assert page.index("Firefox on Linux") < page.index("You are using it now") < page.index("python-httpx")


async def test_what_is_ended_is_refused_and_the_page_says_which_services_obey(
    ada: Browsing, identity: Identity
) -> None:
    tokens, session_id = await session_of(identity)
    here, _ = await session_of(identity)
    async with acknowledging(await receiver_with_stream(identity)):
        answer = await ada.send(DEVICES, {"id": session_id})
    for _ in range(2):
        assert "posts: obeyed after" in await ada.open(answer.headers["Location"])
    await ensure_ended(identity, tokens)
    await ensure_live(identity, here)
    again = await ada.send(DEVICES, {"id": session_id})
    assert (again.status_code, again.headers["Location"]) == (303, DEVICES)


@pytest.mark.usefixtures("without_waiting")
async def test_a_service_that_has_not_answered_is_named_and_only_to_the_person_who_acted(
    ada: Browsing, identity: Identity
) -> None:
    await receiver_with_stream(identity)
    _, session_id = await session_of(identity)
    ended = (await ada.send(DEVICES, {"id": session_id})).headers["Location"]
    assert "posts: has not answered yet" in await ada.open(ended)
    async with browsing(identity, "eve") as eve:
        for path in (ended, f"{DEVICES}/ended/{uuid4()}"):
            assert "posts" not in await eve.open(path, 404)


async def test_a_browser_that_is_ended_has_to_sign_in_again(
    ada: Browsing, identity: Identity, databases: Databases
) -> None:
    async with browsing(identity) as elsewhere:
        await elsewhere.sign_on()
        answer = await ada.send(DEVICES, {"id": await sign_on_id(databases, "ada")})
        assert "Signed out" in await ada.open(answer.headers["Location"])
        assert leads_to_sign_in(await elsewhere.http.get(DEVICES), DEVICES)
        assert await ada.is_signed_on()
    (row,) = await databases.fetch(
        "identity_app", "SELECT end_reason FROM identity.sign_ons WHERE ended_at IS NOT NULL"
    )
    assert row["end_reason"] == "ended by its owner"


async def test_what_is_not_ones_own_cannot_be_ended(ada: Browsing, identity: Identity, databases: Databases) -> None:
    async with browsing(identity, "eve") as eve:
        tokens, session_id = await session_of(identity, "eve")
        for strange in (session_id, await sign_on_id(databases, "eve"), str(uuid4()), "nonsense", ""):
            answer = await ada.send(DEVICES, {"id": strange})
            assert (answer.status_code, "You are not signed in there" in answer.text) == (404, True), strange
        assert await eve.is_signed_on()
        await ensure_live(identity, tokens)


@pytest.mark.usefixtures("without_waiting")
async def test_everything_else_is_ended_at_once(ada: Browsing, identity: Identity) -> None:
    tokens, _ = await session_of(identity)
    await receiver_with_stream(identity)
    async with browsing(identity) as elsewhere, browsing(identity, "eve") as eve:
        await elsewhere.sign_on()
        answer = await ada.send(f"{DEVICES}/others")
        assert "posts: has not answered yet" in await ada.open(answer.headers["Location"])
        states = [await browser.is_signed_on() for browser in (ada, elsewhere, eve)]
        assert states == [True, False, True]
    await ensure_ended(identity, tokens)
    again = await ada.send(f"{DEVICES}/others")
    assert (again.status_code, again.headers["Location"]) == (303, DEVICES)
