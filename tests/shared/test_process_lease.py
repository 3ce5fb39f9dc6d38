"""The lease of a process: while it runs, guards answer from memory; after that, they look first."""

import asyncio
from contextlib import suppress
from itertools import pairwise

import pytest

from tests.shared.boot_clock import BootClock
from tests.shared.leased_process import is_refused, leased_process, store_of, take, unreachable_url
from tests.shared.tables import locked
from tests.support.databases import Databases
from tests.support.waiting import PATIENCE_SECONDS, until
from watchword.database import DatabaseUnavailable
from watchword.errors import Unavailable
from watchword.events import process_lease
from watchword.events.process_lease import LOCAL_LEASE_SECONDS, LONGEST_ABSENCE_SECONDS
from watchword.tasks import cancel_and_wait
from watchword.testing import StandingClock

REVOKE = "INSERT INTO posts.revocations VALUES ('session', $1, 9007199254740992, now() + interval '1 hour')"
POSITION = "SELECT position FROM posts.poll_lease"
LEASES = "SELECT process, position, valid_until > now() AS is_valid FROM posts.process_leases"

BOOT_CLOCK_READERS = (process_lease,)


async def test_lease_runs_from_the_second_look_on(databases: Databases, since_boot: BootClock) -> None:
    """The first may have been on its way when a caller who asked for leases did not see it."""
    async with leased_process(databases) as (lease, _):
        assert not lease.is_current()
        await lease.look()
        assert not lease.is_current()
        await lease.look()
        assert lease.is_current()
        since_boot.seconds += LOCAL_LEASE_SECONDS - 0.01
        assert lease.is_current()
        since_boot.seconds += 0.02
        assert not lease.is_current()


async def test_lease_is_prolonged_by_a_look_that_comes_back_while_it_runs(
    databases: Databases, since_boot: BootClock
) -> None:
    async with leased_process(databases) as (lease, _):
        await lease.catch_up()
        for _ in range(3):
            since_boot.seconds += 2
            await lease.look()
            assert lease.is_current()


async def test_look_that_comes_back_too_late_prolongs_nothing(databases: Databases, since_boot: BootClock) -> None:
    async with leased_process(databases) as (lease, revocations):
        await lease.catch_up()
        # The answer is on its way while the process stands still.
        async with locked(databases, "process_leases"):
            late = asyncio.create_task(lease.look())
            await until(lambda: is_waiting(databases))
            since_boot.seconds += 120
        await asyncio.wait([late])
        assert not lease.is_current()
        await databases.execute("posts_app", REVOKE, "s")
        await lease.catch_up()
        assert (lease.is_current(), is_refused(revocations, "s")) == (True, True)


async def is_waiting(databases: Databases) -> bool:
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%process_leases%'"
    return bool(await databases.fetch("posts_app", waiting))


async def test_all_who_wait_wait_for_the_same_look(databases: Databases, since_boot: BootClock) -> None:
    async with leased_process(databases) as (lease, revocations):
        await lease.catch_up()
        since_boot.seconds += 60
        await databases.execute("posts_app", REVOKE, "s")
        before = lease._looking._task
        waiting = [asyncio.create_task(lease.catch_up()) for _ in range(50)]
        await asyncio.sleep(0)
        first = lease._looking._task
        assert first is not before
        # One who goes takes nothing away from the others.
        waiting[0].cancel()
        await asyncio.wait(waiting)
        assert [task.exception() for task in waiting[1:]] == [None] * 49
        assert is_refused(revocations, "s")


async def test_catching_up_fails_while_the_database_does_not_answer(
    databases: Databases, since_boot: BootClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with leased_process(databases) as (lease, _):
        await lease.catch_up()
        since_boot.seconds += 60
        store = store_of(lease)
        with monkeypatch.context() as gone:
            gone.setattr(store._connection, "_dsn", unreachable_url(databases))
            store._connection.close()
            with pytest.raises(DatabaseUnavailable):
                await lease.catch_up()
        await lease.catch_up()
        assert lease.is_current()


async def test_guard_is_refused_if_each_look_takes_as_long_as_the_lease(
    databases: Databases, since_boot: BootClock
) -> None:
    def stand_still(_: object, __: float) -> None:
        since_boot.seconds += LOCAL_LEASE_SECONDS

    async with leased_process(databases, on_result=stand_still) as (lease, _), asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(Unavailable, match="took longer than the lease"):
            await lease.catch_up()


async def test_what_was_applied_is_told_and_the_lease_is_given_up(databases: Databases) -> None:
    async with leased_process(databases) as (lease, _):
        running = asyncio.create_task(lease.run())
        await databases.execute(
            "posts_app", "INSERT INTO posts.poll_lease VALUES ('https://issuer.example', 'other', now() + '1 h', 7)"
        )
        lease.wake()

        async def is_told() -> bool:
            rows = await databases.fetch("posts_app", LEASES)
            return [(row["position"], row["is_valid"]) for row in rows] == [(7, True)]

        await until(is_told)
        await cancel_and_wait([running])
    assert await databases.fetch("posts_app", LEASES) == []


async def test_positions_that_go_back_make_the_process_read_everything(databases: Databases) -> None:
    other_holder = "INSERT INTO posts.poll_lease VALUES ('https://issuer.example', 'other', now() + '1 h', 7)"
    async with leased_process(databases) as (lease, revocations):
        await databases.execute("posts_app", other_holder)
        running = asyncio.create_task(lease.run())
        await until(lambda: lease._position == 7)
        # A standby took over that lacked the last positions, and they are given again.
        await databases.execute("posts_app", REVOKE, "s")
        await databases.execute("posts_app", "UPDATE posts.revocations SET position = 6")
        await databases.execute("posts_app", "UPDATE posts.poll_lease SET position = 6")
        lease.wake()
        await until(lambda: is_refused(revocations, "s"))
        await cancel_and_wait([running])


async def test_what_comes_after_a_standby_took_over_counts_as_applied_by_nobody_who_has_not_seen_it(
    databases: Databases,
) -> None:
    async with leased_process(databases) as (lease, revocations):
        await take(lease, "before")
        await lease.catch_up()
        ((position,),) = await databases.fetch("posts_app", POSITION)
        await take(lease, "lost")
        await lease.look()
        await lease.look()
        # A standby took over that lacked the last transaction.
        await databases.execute("posts_app", "DELETE FROM posts.revocations WHERE key = 'lost'")
        await databases.execute("posts_app", "UPDATE posts.poll_lease SET position = $1", position)
        for session_id in ("s", "t"):
            taken = await take(lease, session_id)
            lowest = await lease._store.lowest_position()
            assert lowest is not None
            assert lowest < taken.position
        await lease.look()
        assert [is_refused(revocations, session_id) for session_id in ("before", "s", "t")] == [True] * 3


async def test_process_relies_on_nothing_until_it_has_read_what_a_standby_with_a_slow_clock_has_revoked(
    databases: Databases,
) -> None:
    async with leased_process(databases) as (lease, revocations):
        await take(lease, "before")
        await lease.catch_up()
        # A standby took over that lacks the last transaction. Its clock is behind, so that the position of what it has
        # revoked since is one that this process counts as applied.
        await databases.execute("posts_app", REVOKE, "s")
        await databases.execute("posts_app", "UPDATE posts.revocations SET position = 6")
        await databases.execute("posts_app", "UPDATE posts.poll_lease SET position = 7")
        store_of(lease).close_gate()
        looking = asyncio.create_task(lease.look())
        await until(store_of(lease).reached.is_set)
        assert not lease.is_current()
        store_of(lease).gate.set()
        await looking
        assert lease.is_current()
        assert is_refused(revocations, "s")


async def test_process_that_was_away_for_long_reads_everything_instead_of_all_that_is_new_in_one_look(
    databases: Databases, since_boot: BootClock
) -> None:
    async with leased_process(databases) as (lease, revocations):
        await lease.catch_up()
        await take(lease, "s")
        since_boot.seconds += LOCAL_LEASE_SECONDS + LONGEST_ABSENCE_SECONDS + 1
        store_of(lease).close_gate()
        catching_up = asyncio.create_task(lease.catch_up())
        await until(store_of(lease).reached.is_set)
        assert not is_refused(revocations, "s")
        store_of(lease).gate.set()
        await catching_up
        assert is_refused(revocations, "s")


async def test_clock_that_was_ahead_for_a_moment_takes_no_revocation_away(
    databases: Databases, since_boot: BootClock
) -> None:
    clock = StandingClock()
    async with leased_process(databases, clock) as (lease, revocations):
        await lease.catch_up()
        clock.advance(hours=2)
        await take(lease, "s")
        await lease.look()
        assert not is_refused(revocations, "s")
        clock.advance(hours=-2)
        await lease.look()
        assert is_refused(revocations, "s")


async def test_flood_of_notifications_makes_no_process_spin(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchword.events.process_lease.IDLE_LOOK_PAUSE_SECONDS", 0.25)
    times: list[float] = []
    async with leased_process(databases, on_result=lambda _, sent_at: times.append(sent_at)) as (lease, _):
        await lease.catch_up()
        running = asyncio.create_task(lease.run())
        times.clear()
        while len(times) < 5:
            lease.wake()
            await asyncio.sleep(0)
        await cancel_and_wait([running])
    assert all(later - earlier >= 0.2 for earlier, later in pairwise(times))


async def test_who_waits_for_a_look_of_a_process_that_stops_is_refused_and_not_cancelled(databases: Databases) -> None:
    async with leased_process(databases) as (lease, _):
        await lease.look()
        async with locked(databases, "process_leases"):
            waiting = asyncio.create_task(lease.catch_up())
            await until(lambda: is_waiting(databases))
            stopping = asyncio.create_task(lease.stop())
            with pytest.raises(Unavailable):
                await waiting
            with pytest.raises(Unavailable):
                await lease.catch_up()
        with suppress(Unavailable):
            await stopping
