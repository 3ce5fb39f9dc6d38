"""Canaries: events that revoke nothing, by which receivers measure how quickly they obey."""

import asyncio

import pytest

from identity_service.events.canary import CANARY_SUBJECT
from tests.identity.receivers import receiver_with_stream, session, stranger
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity
from watchword.events.types import EventType, canary_type

MAKE_DUE = "UPDATE identity.canary_turns SET sent_at = sent_at - interval '31 seconds'"
CANARY = canary_type(IDENTITY_URL)


async def make_due(identity: Identity, databases: Databases) -> None:
    """Let the next canary be due, whether there was one before or not."""
    await identity.parts.transmitter.canary.send_if_due()
    await databases.execute("identity_app", MAKE_DUE)


async def test_canary_is_the_end_of_a_session_that_never_was(identity: Identity, databases: Databases) -> None:
    posts = await receiver_with_stream(identity)
    await make_due(identity, databases)
    assert await identity.parts.transmitter.canary.send_if_due()
    ((kind, subject, event),) = await posts.events()
    session_id = subject["session"]["id"]
    assert (kind, subject) == ("session-revoked", session(CANARY_SUBJECT, session_id))
    assert session_id.startswith("canary-")
    assert (event["initiating_entity"], event["reason_admin"]) == ("system", {"en": "canary"})


async def test_canary_comes_once_in_each_interval(identity: Identity, databases: Databases) -> None:
    await make_due(identity, databases)
    assert [await identity.parts.transmitter.canary.send_if_due() for _ in range(3)] == [True, False, False]
    await databases.execute("identity_app", MAKE_DUE)
    assert [await identity.parts.transmitter.canary.send_if_due() for _ in range(2)] == [True, False]


async def test_installation_that_has_just_begun_sends_none(identity: Identity, databases: Databases) -> None:
    await databases.execute("identity_app", "DELETE FROM identity.canary_turns")
    assert [await identity.parts.transmitter.canary.send_if_due() for _ in range(2)] == [False, False]


async def test_one_of_several_processes_sends_the_canary(clean_databases: Databases) -> None:
    async with services.identity(clean_databases) as one, services.identity(clean_databases) as other:
        posts = await receiver_with_stream(one)
        await make_due(one, clean_databases)
        sent = await asyncio.gather(*(each.parts.transmitter.canary.send_if_due() for each in (one, other) * 4))
        assert sorted(sent) == [False] * 7 + [True]
        assert len(await posts.sets()) == 1


@pytest.mark.parametrize(("requested", "count"), [([CANARY], 1), ([EventType.SESSION_REVOKED], 0)])
async def test_canary_goes_to_streams_that_ask_for_it_alone(
    identity: Identity, databases: Databases, requested: list[str], count: int
) -> None:
    posts = await receiver_with_stream(identity, events_requested=requested)
    disabled = await stranger(identity)
    await disabled.create()
    await disabled.set_status("disabled")
    await make_due(identity, databases)
    await identity.parts.transmitter.canary.send_if_due()
    assert len(await posts.sets()) == count
    await disabled.set_status("enabled")
    assert await disabled.sets() == {}


async def test_stream_that_nobody_reads_keeps_one_canary(identity: Identity, databases: Databases) -> None:
    posts = await receiver_with_stream(identity)
    await identity.http.delete("/sessions/current", headers=await identity.signed_in("ada"))
    for _ in range(3):
        await make_due(identity, databases)
        await identity.parts.transmitter.canary.send_if_due()
    subjects = [subject["user"]["sub"] == CANARY_SUBJECT for _, subject, _ in await posts.events()]
    assert sorted(subjects) == [False, True]


async def test_canary_is_neither_audited_nor_replayed(identity: Identity, databases: Databases) -> None:
    await make_due(identity, databases)
    await identity.parts.transmitter.canary.send_if_due()
    assert await (await receiver_with_stream(identity)).sets() == {}
    assert await databases.fetch("identity_app", "SELECT FROM identity.audit_entries") == []
