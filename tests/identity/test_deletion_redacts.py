"""When an account is deleted, its names leave the events that no receiver has taken yet, and the audit log."""

import pytest

from identity_service.administration import Administration
from tests.identity.receivers import Receiver, receiver_with_stream, stranger
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from watchword.events.types import SUPPORTED, EventType

EVERYTHING_KEPT = """
    SELECT (SELECT coalesce(string_agg(e::text, ''), '') FROM identity.stream_events e)
        || (SELECT coalesce(string_agg(a::text, ''), '') FROM identity.audit_entries a) AS text
"""
# No hexadecimal number, of which the dump has many, holds one of these.
NAMES = ("augusta", "lovelace", "byron", "moderator")


async def everything_stored(databases: Databases) -> str:
    return str((await databases.fetch("identity_app", EVERYTHING_KEPT))[0]["text"]).lower()


async def rename(identity: Identity, headers: dict[str, str], *names: str) -> None:
    for name in names:
        changes = {"username": name, "full_name": f"Augusta {name}"}
        assert (await identity.http.patch("/users/me", json=changes, headers=headers)).status_code == 200


async def deleted(identity: Identity, headers: dict[str, str]) -> None:
    assert (await identity.http.delete("/users/me", headers=headers)).status_code == 204


async def unpolled_streams(identity: Identity) -> tuple[Receiver, Receiver]:
    """One that asks for every event, and one that does not ask for deletions."""
    feeds = await stranger(identity)
    await feeds.create(events_requested=[kind for kind in SUPPORTED if kind != EventType.ACCOUNT_PURGED])
    return await receiver_with_stream(identity), feeds


async def test_name_of_a_deleted_account_is_kept_nowhere(identity: Identity, databases: Databases) -> None:
    await unpolled_streams(identity)
    headers = await identity.signed_in("augusta")
    await rename(identity, headers, "lovelace", "byron")
    assert "lovelace" in await everything_stored(databases)
    await deleted(identity, headers)
    assert not [name for name in NAMES if name in await everything_stored(databases)]


async def test_what_must_be_obeyed_is_still_sent_after_the_deletion(identity: Identity) -> None:
    posts, feeds = await unpolled_streams(identity)
    await identity.register("ada")
    ended = await identity.signed_in("eve")
    assert (await identity.http.delete("/sessions/current", headers=ended)).status_code == 204
    administration = Administration(identity.parts)
    await administration.set_roles("ada", ["user", "moderator"])
    headers = bearer((await identity.sign_in("ada", resource=IDENTITY_URL))["access_token"])
    await rename(identity, headers, "lovelace")
    await deleted(identity, headers)
    assert await posts.kinds() == ["session-revoked", "token-claims-change", "account-purged"]
    assert await feeds.kinds() == ["session-revoked", "token-claims-change"]
    (_, _, change) = (await feeds.events())[1]
    assert (change["claims"], change["event_timestamp"] > 0) == ({}, True)


async def test_events_of_other_people_stay_as_they_are(identity: Identity) -> None:
    posts, _ = await unpolled_streams(identity)
    eve, ada = await identity.signed_in("eve"), await identity.signed_in("ada")
    await rename(identity, eve, "evelyn")
    before = await posts.events()
    await deleted(identity, ada)
    after = await posts.events()
    assert [event for event in after if event in before] == before


@pytest.mark.parametrize("description", ["the name lovelace is too long"])
async def test_refusal_of_an_event_with_a_name_is_audited_without_the_receivers_words(
    identity: Identity, databases: Databases, description: str
) -> None:
    posts, _ = await unpolled_streams(identity)
    headers = await identity.signed_in("ada")
    await rename(identity, headers, "lovelace")
    (jti,) = await posts.sets()
    await posts.sets(setErrs={jti: {"err": "invalid_request", "description": description}})
    await deleted(identity, headers)
    assert "invalid_request" in (text := await everything_stored(databases))
    assert "lovelace" not in text
