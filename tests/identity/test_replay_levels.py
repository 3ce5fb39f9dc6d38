"""The event that lowers what tokens count for: a stream that begins later has it, also after the account is gone."""

from uuid import UUID

import pytest

from identity_service.factor_acts.values import Owner
from tests.identity.answers import claims_of
from tests.identity.receivers import receiver_with_stream, user
from tests.identity.second_factors import add_passkey_as, remove_passkey
from tests.identity.sessions_of_sign_ons import offer_openid, sign_on_row, start_in
from tests.identity.signing_on import register_and_sign_on
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from watchword.events.types import EventType

LOWERED = "assurance-level-change"


@pytest.fixture
async def lowered(identity: Identity, databases: Databases) -> dict[str, str]:
    """The header fields of a person who had a passkey and has removed it."""
    await offer_openid(databases)
    secret = await register_and_sign_on(identity)
    row = await sign_on_row(identity, secret)
    owner = Owner(row.user_id, sign_on_id=row.id)
    passkey_id = await add_passkey_as(identity, owner)
    assert claims_of((await start_in(identity, secret))["access_token"])["acr"] == "phr"
    await remove_passkey(identity, owner, passkey_id)
    later = await start_in(identity, secret)
    own = await identity.refresh(later["refresh_token"], client_id="web", resource=IDENTITY_URL)
    return bearer(own.json()["access_token"])


def subject_of(headers: dict[str, str]) -> UUID:
    return UUID(claims_of(headers["Authorization"].removeprefix("Bearer "))["sub"])


async def test_stream_that_begins_later_starts_with_it(identity: Identity, lowered: dict[str, str]) -> None:
    posts = await receiver_with_stream(identity)
    (event,) = [event for event in await posts.events() if event[0] == LOWERED]
    _, subject, claims = event
    assert subject == user(str(subject_of(lowered)))
    assert {name: claims[name] for name in ("namespace", "current_level", "change_direction")} == {
        "namespace": "RFC8176",
        "current_level": "pwd",
        "change_direction": "decrease",
    }
    token = claims_of(lowered["Authorization"].removeprefix("Bearer "))
    assert (claims["ver"], token["acr"]) == (token["ver"], "pwd")


async def test_stream_that_does_not_ask_for_it_does_not_get_it(identity: Identity, lowered: dict[str, str]) -> None:
    posts = await receiver_with_stream(identity, events_requested=[EventType.CREDENTIAL_CHANGE])
    assert set(await posts.kinds()) == {"credential-change"}


async def test_it_is_still_sent_after_the_deletion_of_the_account(identity: Identity, lowered: dict[str, str]) -> None:
    before = await receiver_with_stream(identity, events_requested=[EventType.ASSURANCE_LEVEL_CHANGE])
    (event,) = await before.events()
    assert (await identity.http.delete("/users/me", headers=lowered)).status_code == 204
    assert await before.events() == [event]
    process = await receiver_with_stream(identity, inactivity_timeout=60)
    assert event in await process.events()
