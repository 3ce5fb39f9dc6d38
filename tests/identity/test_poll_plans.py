"""How PostgreSQL runs the statements of polls, planned once: along an index, however many events wait."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from identity_service.events.poll_statements import MARK_SENT, NEXT_EVENTS
from identity_service.events.repository import UNACKNOWLEDGED
from tests.identity.receivers import receiver_with_stream
from tests.support.databases import Databases
from tests.support.plans import plan_of, scans
from tests.support.services import Identity

EVENTS = """
    INSERT INTO identity.stream_events (stream_id, type, claims, sent_at)
    SELECT $1, 'a-type', '{}', CASE WHEN n % 2 = 0 THEN now() END FROM generate_series(1, 12000) n
"""
STREAM = UUID(int=1)


@pytest.fixture
async def connection(identity: Identity, databases: Databases) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The service's own role, over twelve thousand events that wait in one stream."""
    posts = await receiver_with_stream(identity)
    await databases.execute("identity_owner", EVENTS, UUID(posts.stream_id))
    await databases.execute("identity_owner", "ANALYZE identity.stream_events")
    connected = await asyncpg.connect(databases.url("identity_app"))
    yield connected
    await connected.close()


@pytest.mark.parametrize("sends_again", [True, False])
async def test_next_events_are_one_walk_in_the_order_of_sending(
    connection: "asyncpg.Connection[asyncpg.Record]", sends_again: bool
) -> None:
    values = {"stream_id": STREAM, "client_id": "posts", "limit": 100, "sends_again": sends_again}
    plan = await plan_of(connection, NEXT_EVENTS, values)
    assert scans(plan, "stream_events") == [("Index Scan", "stream_events_in_turn_idx")]


async def test_events_are_marked_as_sent_by_their_ids(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    plan = await plan_of(connection, MARK_SENT, {"ids": [1, 2]})
    assert ("Seq Scan", None) not in scans(plan, "stream_events")


async def test_acknowledgements_are_looked_up_by_their_ids(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    plan = await plan_of(connection, UNACKNOWLEDGED, {"jtis": [STREAM]})
    assert ("Seq Scan", None) not in scans(plan, "stream_events")
