"""The lease of a process: while it runs, guards answer from memory; after that, they look first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from posts_service.tables import RECEIVER
from tests.shared.receivers import principal
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.auth import Revocations
from watchword.clock import SystemClock
from watchword.database import Database, DatabaseUnavailable
from watchword.events.looks import LOCAL_LEASE_SECONDS, Looks
from watchword.events.postgres_store import PostgresStore
from watchword.tasks import cancel_and_wait

REVOKE = "INSERT INTO posts.revocations VALUES ('session', $1, 9007199254740992, now() + interval '1 hour')"
LEASES = "SELECT process, position, valid_until > now() AS is_valid FROM posts.process_leases"


class SinceBoot:
    """The time since boot, put forward by a test as if the process had stood still for so long."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def since_boot(monkeypatch: pytest.MonkeyPatch) -> SinceBoot:
    clock = SinceBoot()
    monkeypatch.setattr("watchword.events.looks.seconds_since_boot", clock)
    return clock


@asynccontextmanager
async def looking(databases: Databases) -> AsyncIterator[tuple[Looks, Revocations]]:
    await databases.empty("posts")
    database, revocations = Database(databases.url("posts_app"), size=1), Revocations(900)
    store = PostgresStore(database, RECEIVER, "https://issuer.example")
    looks = Looks(store, revocations, SystemClock(), lambda _, __: None)
    try:
        yield looks, revocations
    finally:
        await looks.stop()
        await database.close()


def is_refused(revocations: Revocations, session_id: str) -> bool:
    return revocations.refuses(principal(session_id=session_id))


async def test_lease_runs_from_the_second_look_on(databases: Databases, since_boot: SinceBoot) -> None:
    """The first may have been on its way when whoever asked for leases did not see it."""
    async with looking(databases) as (looks, _):
        assert not looks.is_current()
        await looks.look()
        assert not looks.is_current()
        await looks.look()
        assert looks.is_current()
        since_boot.seconds += LOCAL_LEASE_SECONDS - 0.01
        assert looks.is_current()
        since_boot.seconds += 0.02
        assert not looks.is_current()


async def test_lease_is_prolonged_by_a_look_that_comes_back_while_it_runs(
    databases: Databases, since_boot: SinceBoot
) -> None:
    async with looking(databases) as (looks, _):
        await looks.catch_up()
        for _ in range(3):
            since_boot.seconds += 2
            await looks.look()
            assert looks.is_current()


async def test_look_that_comes_back_too_late_prolongs_nothing(databases: Databases, since_boot: SinceBoot) -> None:
    async with looking(databases) as (looks, revocations):
        await looks.catch_up()
        # The answer is on its way while the process stands still.
        locking = await asyncpg.connect(databases.url("posts_owner"))
        async with locking.transaction():
            await locking.execute("LOCK TABLE posts.process_leases")
            late = asyncio.create_task(looks.look())
            await until(lambda: is_waiting(databases))
            since_boot.seconds += 120
        await asyncio.wait([late])
        await locking.close()
        assert not looks.is_current()
        await databases.execute("posts_app", REVOKE, "s")
        await looks.catch_up()
        assert (looks.is_current(), is_refused(revocations, "s")) == (True, True)


async def is_waiting(databases: Databases) -> bool:
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%process_leases%'"
    return bool(await databases.fetch("posts_app", waiting))


async def test_all_who_wait_wait_for_the_same_look(databases: Databases, since_boot: SinceBoot) -> None:
    async with looking(databases) as (looks, revocations):
        await looks.catch_up()
        since_boot.seconds += 60
        await databases.execute("posts_app", REVOKE, "s")
        before = looks._looking
        waiting = [asyncio.create_task(looks.catch_up()) for _ in range(50)]
        await asyncio.sleep(0)
        first = looks._looking
        assert first is not before
        # One who goes takes nothing away from the others.
        waiting[0].cancel()
        await asyncio.wait(waiting)
        assert [task.exception() for task in waiting[1:]] == [None] * 49
        assert is_refused(revocations, "s")


async def test_catching_up_fails_while_the_database_does_not_answer(
    databases: Databases, since_boot: SinceBoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with looking(databases) as (looks, _):
        await looks.catch_up()
        since_boot.seconds += 60
        store = looks._store
        assert isinstance(store, PostgresStore)
        with monkeypatch.context() as gone:
            nowhere = databases.url("posts_app").replace(f":{databases.server.port}/", ":9/")
            gone.setattr(store._connection, "_dsn", nowhere)
            store._connection.close()
            with pytest.raises(DatabaseUnavailable):
                await looks.catch_up()
        await looks.catch_up()
        assert looks.is_current()


async def test_what_was_applied_is_told_and_the_lease_is_given_up(databases: Databases) -> None:
    async with looking(databases) as (looks, _):
        running = asyncio.create_task(looks.run())
        await databases.execute(
            "posts_app", "INSERT INTO posts.poll_lease VALUES ('https://issuer.example', 'other', now() + '1 h', 7)"
        )
        looks.ring()

        async def is_told() -> bool:
            rows = await databases.fetch("posts_app", LEASES)
            return [(row["position"], row["is_valid"]) for row in rows] == [(7, True)]

        await until(is_told)
        await cancel_and_wait([running])
    assert await databases.fetch("posts_app", LEASES) == []


async def test_positions_that_go_back_make_the_process_read_everything(databases: Databases) -> None:
    lease = "INSERT INTO posts.poll_lease VALUES ('https://issuer.example', 'other', now() + '1 h', 7)"
    async with looking(databases) as (looks, revocations):
        await databases.execute("posts_app", lease)
        running = asyncio.create_task(looks.run())
        await until(lambda: looks._position == 7)
        # A standby took over that lacked the last positions, and they are given again.
        await databases.execute("posts_app", REVOKE, "s")
        await databases.execute("posts_app", "UPDATE posts.revocations SET position = 6")
        await databases.execute("posts_app", "UPDATE posts.poll_lease SET position = 6")
        looks.ring()
        await until(lambda: is_refused(revocations, "s"))
        await cancel_and_wait([running])
