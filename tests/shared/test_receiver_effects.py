"""The refusal first, then the effect: one that fails holds up nothing but the acknowledgement of its own event."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.shared.receivers import OF_A_KIND, receiving, refuses, session, stored, user
from tests.shared.ssf import Transmitter
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.auth.revocations import Kind
from watchword.events import EventType, ReceivedEvent
from watchword.events.effects import MAX_AT_ONCE
from watchword.events.store import PendingEffects

EFFECTS = "SELECT jti FROM posts.effects"
END_LEASE_OF_OTHER = "UPDATE posts.process_leases SET valid_until = now() WHERE process = 'other'"
PENDING = "SELECT jti FROM posts.received_events WHERE is_pending"


@pytest.fixture(autouse=True)
async def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchword.events.effects.SHORTEST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr("watchword.events.effects.LONGEST_PAUSE_SECONDS", 0.2)


@pytest.fixture(autouse=True)
async def effects(databases: Databases) -> AsyncIterator[None]:
    """A table in which each run of an effect leaves a row."""
    await databases.execute("posts_owner", "CREATE TABLE posts.effects (jti text PRIMARY KEY)")
    yield
    await databases.execute("posts_owner", "DROP TABLE posts.effects")


async def leave_a_row(db: AsyncSession, received: ReceivedEvent) -> None:
    await db.execute(text("INSERT INTO posts.effects (jti) VALUES (:jti)"), {"jti": received.jti})


async def jtis(databases: Databases, sql: str) -> list[str]:
    return [row["jti"] for row in await databases.fetch("posts_app", sql)]


PURGE = {EventType.ACCOUNT_PURGED: leave_a_row}


async def test_what_an_event_revokes_is_refused_while_its_effect_fails_and_the_effect_comes_later(
    databases: Databases, transmitter: Transmitter, caplog: pytest.LogCaptureFixture
) -> None:
    await databases.execute("posts_owner", "REVOKE INSERT ON posts.effects FROM posts_app")
    async with receiving(databases, transmitter, effects=PURGE) as receiver:
        bad = transmitter.send(EventType.ACCOUNT_PURGED, user(transmitter, "eve"))
        await until(lambda: refuses(receiver, "eve"))
        other = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await until(lambda: transmitter.is_settled(other))
        assert refuses(receiver, session_id="s")
        # More often than any number of tries that could be counted.
        await until(lambda: receiver.effect_failures[EventType.ACCOUNT_PURGED] >= 5)
        assert (transmitter.is_settled(bad), await jtis(databases, PENDING)) == (False, [bad])
        await until(lambda: receiver.pending_effects.count == 1)
        assert receiver.pending_effects.oldest_seconds > 0
        await databases.execute("posts_owner", "GRANT INSERT ON posts.effects TO posts_app")
        await until(lambda: transmitter.is_settled(bad))
        await until(lambda: receiver.pending_effects == PendingEffects())
    assert (await jtis(databases, EFFECTS), await jtis(databases, PENDING)) == ([bad], [])
    assert (transmitter.refused, await stored(databases, Kind.PURGED)) == ({}, ["eve"])
    said = [record for record in caplog.records if "the effect of an event has failed" in record.message]
    assert len(said) == receiver.effect_failures[EventType.ACCOUNT_PURGED]


async def test_effect_that_waits_for_a_lock_holds_up_no_other_event_and_no_other_effect(
    databases: Databases, transmitter: Transmitter
) -> None:
    waits = asyncio.Event()

    async def wait_for_eve(db: AsyncSession, received: ReceivedEvent) -> None:
        if received.subject == "eve":
            waits.set()
            await db.execute(text("LOCK TABLE posts.authors IN EXCLUSIVE MODE"))
        await leave_a_row(db, received)

    locking = await asyncpg.connect(databases.url("posts_owner"))
    async with locking.transaction(), receiving(databases, transmitter, effects={OF_A_KIND: wait_for_eve}):
        await locking.execute("LOCK TABLE posts.authors IN ROW EXCLUSIVE MODE")
        eves = transmitter.send(OF_A_KIND, user(transmitter, "eve"))
        await asyncio.wait_for(waits.wait(), 60)
        other = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        adas = transmitter.send(OF_A_KIND, user(transmitter, "ada"))
        await until(lambda: transmitter.is_settled(other, adas))
        assert not transmitter.is_settled(eves)
        await locking.execute("ROLLBACK")
        await until(lambda: transmitter.is_settled(eves))
        await locking.execute("BEGIN")
    await locking.close()
    assert sorted(await jtis(databases, EFFECTS)) == sorted([eves, adas])


async def test_effect_that_never_ends_counts_as_failed_and_makes_room_for_others(
    databases: Databases, transmitter: Transmitter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("watchword.events.effects.LONGEST_TRY_SECONDS", 0.2)
    has_answered = asyncio.Event()

    async def wait_for_an_answer(db: AsyncSession, received: ReceivedEvent) -> None:
        if received.subject == "eve":
            await has_answered.wait()
        await leave_a_row(db, received)

    async with receiving(databases, transmitter, effects={OF_A_KIND: wait_for_an_answer}) as receiver:
        eves = [transmitter.send(OF_A_KIND, user(transmitter, "eve")) for _ in range(MAX_AT_ONCE)]
        adas = transmitter.send(OF_A_KIND, user(transmitter, "ada"))
        await until(lambda: transmitter.is_settled(adas))
        assert not any(transmitter.is_settled(jti) for jti in eves)
        assert receiver.effect_failures[OF_A_KIND] >= 1
        assert "TimeoutError('it was not over after 0.2 s')" in caplog.text
        has_answered.set()
        await until(lambda: transmitter.is_settled(*eves))
    assert sorted(await jtis(databases, EFFECTS)) == sorted([*eves, adas])


async def test_events_whose_effects_fail_fill_no_memory_and_all_have_their_effect_later(
    databases: Databases, transmitter: Transmitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchword.events.effects.MAX_IN_MEMORY", 2)
    await databases.execute("posts_owner", "REVOKE INSERT ON posts.effects FROM posts_app")
    people = [f"person {number}" for number in range(6)]
    async with receiving(databases, transmitter, effects=PURGE) as receiver:
        purges = [transmitter.send(EventType.ACCOUNT_PURGED, user(transmitter, name)) for name in people]
        await until(lambda: all(refuses(receiver, name) for name in people))
        assert len(receiver._effects._tasks) == 2
        other = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await until(lambda: transmitter.is_settled(other))
        await databases.execute("posts_owner", "GRANT INSERT ON posts.effects TO posts_app")
        await until(lambda: transmitter.is_settled(*purges))
        assert len(receiver._effects) == 0
    assert sorted(await jtis(databases, EFFECTS)) == sorted(purges)


async def test_effect_of_a_process_that_stopped_happens_in_another_one(
    databases: Databases, transmitter: Transmitter
) -> None:
    jti = transmitter.send(OF_A_KIND)

    async def fail(_: AsyncSession, __: ReceivedEvent) -> None:
        raise ValueError("a bug")

    async with receiving(databases, transmitter, effects={OF_A_KIND: fail}) as first:
        await until(lambda: first.effect_failures[OF_A_KIND] > 0)
    assert (await jtis(databases, PENDING), transmitter.is_settled(jti)) == ([jti], False)
    async with receiving(databases, transmitter, effects={OF_A_KIND: leave_a_row}):
        await until(lambda: transmitter.acknowledged == [jti])
    assert (await jtis(databases, EFFECTS), await jtis(databases, PENDING)) == ([jti], [])


async def test_event_is_acknowledged_without_waiting_for_the_next_one(
    databases: Databases, transmitter: Transmitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The poll that waits is not answered during this test.
    monkeypatch.setattr("tests.shared.ssf.LONG_POLL_SECONDS", 60.0)
    async with receiving(databases, transmitter):
        await until(lambda: transmitter.long_polls[-1:] == [True])
        jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await until(lambda: transmitter.acknowledged == [jti])


async def test_event_is_acknowledged_when_every_process_with_a_lease_has_applied_it(
    databases: Databases, transmitter: Transmitter
) -> None:
    """The other process is one that is stopped while its lease runs, and looks no more."""
    await databases.execute("posts_app", "INSERT INTO posts.process_leases VALUES ('other', now() + '1 hour', 0)")
    async with receiving(databases, transmitter) as receiver:
        jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await until(lambda: refuses(receiver, session_id="s"))
        batches = len(transmitter.batches)
        await until(lambda: len(transmitter.batches) > batches + 2)
        assert not transmitter.is_settled(jti)
        await databases.execute("posts_app", END_LEASE_OF_OTHER)
        await until(lambda: transmitter.is_settled(jti))


async def test_event_whose_row_another_connection_holds_waits_alone(
    databases: Databases, transmitter: Transmitter
) -> None:
    async with receiving(databases, transmitter) as receiver:
        before = transmitter.send(EventType.TOKEN_CLAIMS_CHANGE, user(transmitter, "eve"))
        await until(lambda: transmitter.is_settled(before))
        locking = await asyncpg.connect(databases.url("posts_app"))
        async with locking.transaction():
            await locking.execute("SELECT FROM posts.revocations FOR UPDATE")
            held = transmitter.send(EventType.TOKEN_CLAIMS_CHANGE, user(transmitter, "eve"))
            other = transmitter.send(EventType.SESSION_REVOKED, session("s"))
            await until(lambda: transmitter.is_settled(other))
            assert (refuses(receiver, session_id="s"), transmitter.is_settled(held)) == (True, False)
        await locking.close()
        await until(lambda: transmitter.is_settled(held))


async def test_effect_of_many_parts_is_acknowledged_after_the_last_and_goes_on_after_one_that_fails(
    databases: Databases, transmitter: Transmitter
) -> None:
    failures = [False, False, True, False, False]

    async def leave_the_next_row(db: AsyncSession, received: ReceivedEvent) -> bool:
        await db.execute(text("INSERT INTO posts.effects SELECT count(*) FROM posts.effects"))
        if failures.pop(0):
            raise RuntimeError("between two parts")
        return bool(failures)

    async with receiving(databases, transmitter, effects={EventType.ACCOUNT_PURGED: leave_the_next_row}) as receiver:
        jti = transmitter.send(EventType.ACCOUNT_PURGED, user(transmitter, "eve"))
        await until(lambda: transmitter.is_settled(jti))
    assert (await jtis(databases, EFFECTS), await jtis(databases, PENDING)) == (["0", "1", "2", "3"], [])
    assert receiver.effect_failures[EventType.ACCOUNT_PURGED] == 1
