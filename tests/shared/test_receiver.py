"""Security events of another product's transmitter: received, applied once, acknowledged when they are committed."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from tests.shared.receivers import OF_A_KIND, receiving, refuses, session, stored, user
from tests.shared.ssf import Transmitter
from tests.shared.tokens import private_key
from tests.support.databases import Databases
from tests.support.events import receive
from tests.support.waiting import until
from watchword.events import EventType, ReceivedEvent
from watchword.events.types import supported_by
from watchword.testing import Issuer

RECEIVED = "SELECT jti FROM posts.received_events"
EFFECTS = "SELECT jti FROM posts.effects ORDER BY number"


@pytest.fixture
async def effects(databases: Databases) -> AsyncIterator[None]:
    """A table in which each run of an effect leaves a row; it refuses the event "bad"."""
    columns = "number int GENERATED ALWAYS AS IDENTITY, jti text CHECK (jti <> 'bad')"
    await databases.execute("posts_owner", f"CREATE TABLE posts.effects ({columns})")
    yield
    await databases.execute("posts_owner", "DROP TABLE posts.effects")


async def leave_a_row(db: AsyncSession, received: ReceivedEvent) -> None:
    await db.execute(text("INSERT INTO posts.effects (jti) VALUES (:jti)"), {"jti": received.jti})


async def count(databases: Databases, sql: str) -> int:
    return len(await databases.fetch("posts_app", sql))


async def test_a_stream_is_created_if_there_is_none(databases: Databases, transmitter: Transmitter) -> None:
    async with receiving(databases, transmitter):
        await until(lambda: transmitter.calls["poll"] > 1)
    assert len(transmitter.streams) == 1


async def test_a_stream_that_exists_is_used(databases: Databases, transmitter: Transmitter) -> None:
    transmitter.streams.append({"delivery": {"method": "urn:ietf:rfc:8935", "endpoint_url": "http://push.example"}})
    transmitter.add_stream()
    async with receiving(databases, transmitter):
        await until(lambda: transmitter.calls["poll"] > 1)
    assert len(transmitter.streams) == 2


async def test_the_first_poll_is_answered_at_once_and_the_next_ones_wait_for_events(
    databases: Databases, transmitter: Transmitter
) -> None:
    async with receiving(databases, transmitter):
        await until(lambda: len(transmitter.long_polls) > 1)
    assert transmitter.long_polls[:2] == [False, True]


async def test_an_event_is_obeyed_committed_and_then_acknowledged(
    databases: Databases, transmitter: Transmitter
) -> None:
    async with receiving(databases, transmitter) as receiver:
        jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await until(lambda: transmitter.is_settled(jti))
        await until(lambda: refuses(receiver, session_id="s"))
    assert await stored(databases) == ["s"]
    assert transmitter.acknowledged == [jti]


async def test_a_stream_is_asked_for_every_event_that_has_an_effect(
    databases: Databases, transmitter: Transmitter
) -> None:
    async with receiving(databases, transmitter, effects={OF_A_KIND: leave_a_row}):
        (draft,) = transmitter.drafts
    url = transmitter.issuer.url
    assert draft["events_requested"] == [*supported_by(url), OF_A_KIND]


async def test_more_events_than_one_answer_holds_all_have_their_effect_once(
    databases: Databases, transmitter: Transmitter, effects: None
) -> None:
    sent = [transmitter.send(OF_A_KIND) for _ in range(250)]
    async with receiving(databases, transmitter, effects={OF_A_KIND: leave_a_row}):
        await until(lambda: transmitter.is_settled(*sent))
    assert sorted(row["jti"] for row in await databases.fetch("posts_app", EFFECTS)) == sorted(sent)
    assert sorted(transmitter.acknowledged) == sorted(sent)


async def test_more_events_than_one_answer_holds_are_acknowledged_in_their_order(
    databases: Databases, transmitter: Transmitter
) -> None:
    sent = [transmitter.send(EventType.SESSION_REVOKED, session(f"{number}")) for number in range(250)]
    async with receiving(databases, transmitter):
        await until(lambda: transmitter.is_settled(*sent))
    assert transmitter.acknowledged == sent


async def test_an_event_sent_again_has_no_second_effect_and_is_acknowledged_again(
    databases: Databases, transmitter: Transmitter, effects: None
) -> None:
    async with receiving(databases, transmitter, effects={OF_A_KIND: leave_a_row}):
        for _ in range(3):
            jti = transmitter.send(OF_A_KIND, jti="one")
            await until(lambda: not transmitter.waiting)
    assert transmitter.acknowledged == [jti] * 3
    assert await count(databases, EFFECTS) == 1


async def test_an_event_whose_acknowledgement_was_lost_has_one_effect(
    databases: Databases, transmitter: Transmitter, effects: None
) -> None:
    async def lose_the_answer(db: AsyncSession, received: ReceivedEvent) -> None:
        transmitter.trouble["poll"] = Response(status_code=500)
        await leave_a_row(db, received)

    jti = transmitter.send(OF_A_KIND)
    async with receiving(databases, transmitter, effects={OF_A_KIND: lose_the_answer}):

        async def is_lost() -> bool:
            return transmitter.calls["poll"] > 1 and await count(databases, EFFECTS) == 1

        await until(is_lost)
        assert list(transmitter.waiting) == [jti]
        transmitter.trouble.clear()
        await until(lambda: not transmitter.waiting)
    assert (transmitter.acknowledged, transmitter.batches[:2]) == ([jti], [[jti], [jti]])
    assert await count(databases, EFFECTS) == 1


async def test_an_event_applied_by_a_receiver_that_stopped_before_it_said_so_has_one_effect(
    databases: Databases, transmitter: Transmitter, effects: None
) -> None:
    jti, effects_of_a_kind = transmitter.send(OF_A_KIND), {OF_A_KIND: leave_a_row}
    async with receiving(databases, transmitter, effects=effects_of_a_kind, started=False) as receiver:
        await receive(receiver, ReceivedEvent(jti, OF_A_KIND, None, None, {}, receiver._clock.now()))
    assert (list(transmitter.waiting), await count(databases, EFFECTS)) == ([jti], 1)
    async with receiving(databases, transmitter, effects=effects_of_a_kind):
        await until(lambda: transmitter.acknowledged == [jti])
    assert await count(databases, EFFECTS) == 1


async def test_an_event_of_an_unknown_type_is_acknowledged_and_logged(
    databases: Databases, transmitter: Transmitter, caplog: pytest.LogCaptureFixture
) -> None:
    async with receiving(databases, transmitter) as receiver:
        jti = transmitter.send(OF_A_KIND, user(transmitter, "ada"))
        await until(lambda: transmitter.acknowledged == [jti])
        assert not refuses(receiver, "ada")
    records = [
        record for record in caplog.records if "an event whose type or subject is not known here" in record.message
    ]
    assert [vars(record)["type"] for record in records] == [OF_A_KIND]


async def test_a_verification_event_is_acknowledged(databases: Databases, transmitter: Transmitter) -> None:
    async with receiving(databases, transmitter):
        jti = transmitter.send(EventType.VERIFICATION, {"format": "opaque", "id": "stream"})
        await until(lambda: transmitter.acknowledged == [jti])


async def test_an_event_whose_key_is_not_published_yet_waits_until_it_is(
    databases: Databases, transmitter: Transmitter
) -> None:
    ahead = Issuer()
    ahead.rotate("second")
    jti = transmitter.send(EventType.SESSION_REVOKED, session("s"), head={"kid": "second"}, key=private_key(ahead))
    async with receiving(databases, transmitter) as receiver:
        await until(lambda: transmitter.batches.count([jti]) > 1)
        assert (transmitter.is_settled(jti), refuses(receiver, session_id="s")) == (False, False)
        transmitter.issuer.rotate("second")
        await until(lambda: transmitter.is_settled(jti))
    assert transmitter.acknowledged == [jti]


async def test_a_new_key_of_the_transmitter_is_fetched_at_once(databases: Databases, transmitter: Transmitter) -> None:
    async with receiving(databases, transmitter):
        first = transmitter.send(EventType.SESSION_REVOKED, session("first"))
        await until(lambda: transmitter.is_settled(first))
        transmitter.issuer.rotate("second")
        transmitter.issuer.withdraw("first")
        second = transmitter.send(EventType.SESSION_REVOKED, session("second"))
        await until(lambda: transmitter.is_settled(second))
    assert transmitter.acknowledged == [first, second]
    assert transmitter.refused == {}
