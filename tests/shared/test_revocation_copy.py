"""Everything that is revoked is read in portions, beside the looks: nothing is forgotten meanwhile, and no guard passes
on less."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from tests.shared.leased_process import is_refused, leased_process, store_of, take, unreachable_url
from tests.shared.receivers import principal
from tests.support.databases import Databases
from watchword.auth import Revocations
from watchword.auth.revocations import FOR_EVER, Kind, Revocation
from watchword.database import DatabaseUnavailable
from watchword.events.revocation_copy import YIELD_AFTER, RevocationCopy
from watchword.events.statements import READ_AT_ONCE
from watchword.tasks import cancel_and_wait
from watchword.testing import StandingClock

REVOKE = """
    INSERT INTO posts.revocations (kind, key, valid_from, expires_at)
    SELECT 'session', number, 9007199254740992, now() + interval '1 hour' FROM generate_series(1, $1::integer) number
"""


async def test_everything_comes_in_portions_and_each_row_once(databases: Databases) -> None:
    async with leased_process(databases) as (lease, _):
        await databases.execute("posts_app", REVOKE, 2 * READ_AT_ONCE + 1)
        portions = [portion async for portion in lease._store.read_all(0, datetime.now(UTC))]
    assert [len(portion) for portion in portions] == [READ_AT_ONCE, READ_AT_ONCE, 1]
    keys = {revocation.key for portion in portions for revocation in portion}
    assert keys == {str(number) for number in range(1, 2 * READ_AT_ONCE + 2)}


async def test_server_that_lacks_what_was_applied_is_not_read(databases: Databases) -> None:
    async with leased_process(databases) as (lease, _):
        taken = await take(lease, "s")
        for position, is_read in ((taken.position, True), (taken.position + 1, False)):
            with nullcontext() if is_read else pytest.raises(DatabaseUnavailable, match="is behind it"):
                assert [portion async for portion in lease._store.read_all(position, datetime.now(UTC))]


async def test_other_tasks_get_their_turn_while_everything_is_added() -> None:
    portion = [Revocation(Kind.SESSION, str(number), FOR_EVER, FOR_EVER) for number in range(5 * YIELD_AFTER)]

    async def at_once(_: int, __: datetime) -> AsyncGenerator[Sequence[Revocation], None]:
        yield portion

    store: Any = SimpleNamespace(read_all=at_once)
    turns = 0

    async def other_work() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    working = asyncio.create_task(other_work())
    copy = RevocationCopy(store, revocations := Revocations(900))
    await copy.read(0, datetime.now(UTC), 0)
    await cancel_and_wait([working])
    assert (len(revocations), copy.is_complete) == (5 * YIELD_AFTER, True)
    assert turns >= 5


async def test_other_tasks_get_their_turn_while_a_look_brings_much(databases: Databases) -> None:
    seen: set[int] = set()

    async def other_work(revocations: Revocations) -> None:
        while True:
            seen.add(len(revocations))
            await asyncio.sleep(0)

    async with leased_process(databases) as (lease, revocations):
        await lease.catch_up()
        await databases.execute("posts_app", REVOKE, 5 * YIELD_AFTER)
        working = asyncio.create_task(other_work(revocations))
        await lease.look()
        await cancel_and_wait([working])
    assert seen >= {number * YIELD_AFTER for number in range(1, 5)}


async def test_no_guard_passes_before_everything_is_read(databases: Databases) -> None:
    async with leased_process(databases) as (lease, revocations):
        await take(lease, "s")
        store_of(lease).close_gate()
        guard = asyncio.create_task(lease.catch_up())
        await store_of(lease).reached.wait()
        for _ in range(3):
            await lease._looking.wait_for_new()
        assert (lease.is_current(), guard.done(), is_refused(revocations, "s")) == (False, False, False)
        store_of(lease).gate.set()
        await guard
        assert (lease.is_current(), is_refused(revocations, "s")) == (True, True)


async def test_guards_pass_and_looks_go_on_while_everything_is_read_again(databases: Databases) -> None:
    async with leased_process(databases) as (lease, revocations):
        await take(lease, "m")
        await lease.catch_up()
        store_of(lease).close_gate()
        reading = asyncio.create_task(lease.reread())
        await store_of(lease).reached.wait()
        # The reading has gone past the first of them, and not past the other.
        for session_id in ("a", "z"):
            await take(lease, session_id)
        await lease.look()
        assert lease.is_current()
        assert [is_refused(revocations, session_id) for session_id in "amz"] == [True] * 3
        store_of(lease).gate.set()
        await reading
        assert [is_refused(revocations, session_id) for session_id in "amz"] == [True] * 3


async def test_row_that_was_read_before_it_changed_takes_nothing_back(databases: Databases) -> None:
    def ada_is_refused() -> bool:
        return revocations.refuses(principal("ada"))

    async with leased_process(databases) as (lease, revocations):
        # Without versions an account is as the last event says.
        await take(lease, "ada", Kind.DISABLED, valid_from=0)
        await lease.catch_up()
        store_of(lease).close_gate()
        reading = asyncio.create_task(lease.reread())
        await store_of(lease).reached.wait()
        await take(lease, "ada", Kind.DISABLED)
        await lease.look()
        assert ada_is_refused()
        store_of(lease).gate.set()
        await reading
        assert ada_is_refused()


async def test_reading_by_a_clock_that_was_ahead_lets_no_guard_pass(databases: Databases) -> None:
    clock = StandingClock()
    async with leased_process(databases, clock) as (lease, revocations):
        await take(lease, "s")
        await lease.catch_up()
        clock.advance(hours=2)
        store_of(lease).close_gate()
        reading = asyncio.create_task(lease.reread())
        await store_of(lease).reached.wait()
        clock.advance(hours=-2)
        await lease._looking.wait_for_new()
        store_of(lease).gate.set()
        await reading
        assert (lease.is_current(), is_refused(revocations, "s")) == (False, False)
        await lease.catch_up()
        assert (lease.is_current(), is_refused(revocations, "s")) == (True, True)


async def test_everything_that_cannot_be_read_takes_no_lease_away(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with leased_process(databases) as (lease, revocations):
        await take(lease, "s")
        await lease.catch_up()
        with monkeypatch.context() as gone:
            gone.setattr(store_of(lease).database, "dsn", unreachable_url(databases))
            with pytest.raises(DatabaseUnavailable):
                await lease.reread()
            await lease.look()
            assert (lease.is_current(), is_refused(revocations, "s")) == (True, True)
        await databases.execute("posts_app", "DELETE FROM posts.revocations")
        await lease.reread()
        assert not is_refused(revocations, "s")


async def test_process_without_everything_lets_no_guard_pass_although_it_looks(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with leased_process(databases) as (lease, _):
        monkeypatch.setattr(store_of(lease).database, "dsn", unreachable_url(databases))
        for _ in range(2):
            with pytest.raises(DatabaseUnavailable):
                await lease.catch_up()
        assert not lease.is_current()
