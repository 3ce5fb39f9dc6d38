"""What a person allows a device of somebody else's application: it is in the list of applications, and is taken back
there."""

from typing import Any

import pytest

from identity_service.clients.models import Client
from identity_service.installation import POSTS_SCOPES
from tests.identity.answers import ensure_problem
from tests.identity.authorizing import Application, authorize
from tests.identity.browsing import Browsing, browsing
from tests.identity.device_flow import SCOPES, TELEVISION, Television, allow, deny, switched_on
from tests.identity.signing_in import ensure_ended
from tests.identity.third_parties import allow as consent
from tests.identity.third_parties import third_party
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity, bearer
from watchword.testing import StandingClock

CONSENTS = "/users/me/consents"
FOR_POSTS = {"scope": "posts:write", "resource": POSTS_URL}
MOVE = "UPDATE identity.clients SET is_first_party = {} WHERE id = 'notes-tv'"


@pytest.fixture
async def notes(identity_at: Identity) -> Client:
    """An application of somebody else, which has devices and signs people in by a redirect."""
    grants = ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]
    return await third_party(identity_at, TELEVISION, grants=grants, scopes=[*SCOPES])


@pytest.fixture
async def ada(identity_at: Identity, notes: Client) -> Any:
    async with browsing(identity_at, "ada") as browser:
        yield browser


async def own(identity: Identity) -> dict[str, str]:
    return bearer((await identity.sign_in("ada", resource=IDENTITY_URL))["access_token"])


async def listed(identity: Identity) -> list[dict[str, Any]]:
    """The applications that ada sees."""
    answer = await identity.http.get(CONSENTS, headers=await own(identity))
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def test_application_of_a_device_is_listed_from_the_moment_that_a_person_allows_it(
    identity_at: Identity, ada: Browsing, clock: StandingClock
) -> None:
    television = await switched_on(identity_at, **FOR_POSTS)
    assert await listed(identity_at) == []
    await allow(ada, television)
    (before,) = await listed(identity_at)
    assert (before["client_id"], before["scopes"], before["last_used_at"]) == (TELEVISION, ["posts:write"], None)
    clock.advance(minutes=1)
    await television.tokens()
    (after,) = await listed(identity_at)
    assert (after["scopes"], after["last_used_at"] is None) == (["posts:write"], False)
    assert POSTS_SCOPES["posts:write"] in await ada.open("/account/applications")


async def test_access_of_a_device_is_taken_back_with_its_session(identity_at: Identity, ada: Browsing) -> None:
    first, second = await switched_on(identity_at), await switched_on(identity_at)
    await allow(ada, first)
    tokens = await first.tokens(resource=IDENTITY_URL)
    await allow(ada, second)
    headers = await own(identity_at)
    assert (await identity_at.http.delete(f"{CONSENTS}/{TELEVISION}", headers=headers)).status_code == 204
    await ensure_ended(identity_at, tokens, client_id=TELEVISION)
    assert await second.error() == "access_denied"
    assert await listed(identity_at) == []
    again = await identity_at.http.delete(f"{CONSENTS}/{TELEVISION}", headers=headers)
    ensure_problem(again, 404, "consent_not_found")


async def test_what_devices_were_allowed_adds_up_with_the_consent(
    identity_at: Identity, ada: Browsing, notes: Client, clock: StandingClock
) -> None:
    await consent(identity_at, ada, notes, "account")
    (before,) = await listed(identity_at)
    for _ in range(2):
        clock.advance(minutes=1)
        television = await switched_on(identity_at, **FOR_POSTS)
        await allow(ada, television)
        await television.tokens()
    (after,) = await listed(identity_at)
    assert after["scopes"] == ["account", "posts:write"]
    assert after["created_at"] == before["created_at"] < after["updated_at"] == after["last_used_at"]


async def test_what_a_device_was_allowed_is_no_consent(identity_at: Identity, ada: Browsing, notes: Client) -> None:
    """Somebody who was lured into allowing a stranger's device has allowed nothing in their own browser."""
    television = await switched_on(identity_at)
    await allow(ada, television)
    await television.tokens()
    app = Application(TELEVISION, notes.redirect_uris[0])
    assert (await ada.http.get(app.path())).headers["Location"].startswith("/consent?")
    assert (await authorize(ada, app, prompt="none"))["error"] == "consent_required"


async def test_device_that_has_no_access_by_now_lists_no_application(
    identity_at: Identity, ada: Browsing, clock: StandingClock
) -> None:
    await deny(ada, await switched_on(identity_at))
    late: Television = await switched_on(identity_at)
    await allow(ada, late)
    clock.advance(minutes=10)
    assert await listed(identity_at) == []
    television = await switched_on(identity_at)
    await allow(ada, television)
    tokens = await television.tokens()
    await identity_at.http.post("/oauth/revoke", data={"client_id": TELEVISION, "token": tokens["refresh_token"]})
    assert await listed(identity_at) == []
    unused = await identity_at.http.delete(f"{CONSENTS}/{TELEVISION}", headers=await own(identity_at))
    ensure_problem(unused, 404, "consent_not_found")


async def test_devices_of_this_installation_and_of_others_are_not_listed(
    identity_at: Identity, ada: Browsing, databases: Databases
) -> None:
    television = await switched_on(identity_at)
    await allow(ada, television)
    await television.tokens()
    headers = await own(identity_at)
    await databases.execute("identity_owner", MOVE.format("true"))
    assert await listed(identity_at) == []
    refused = await identity_at.http.delete(f"{CONSENTS}/{TELEVISION}", headers=headers)
    ensure_problem(refused, 404, "consent_not_found")
    await databases.execute("identity_owner", MOVE.format("false"))
    assert len(await listed(identity_at)) == 1
    async with browsing(identity_at, "eve") as eve:
        assert "You have allowed no application" in await eve.open("/account/applications")
        assert (await eve.send("/account/applications", {"client_id": TELEVISION})).status_code == 404
    assert len(await listed(identity_at)) == 1
