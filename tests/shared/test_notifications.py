"""A listener hears what is said, says when it may have missed something, and comes back by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.shared.receivers import LISTENING, end_backends
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.database.notifications import Doorbell, Listener, wait_for
from watchword.tasks import cancel_and_wait

CHANNEL = "posts_test"


class Ear:
    """What a listener has told, and how often it had to catch up."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.caught_up = 0
        self.failures = 0

    def told(self, payload: str) -> None:
        self.heard.append(payload)

    async def catch_up(self) -> None:
        if self.failures:
            self.failures -= 1
            raise ValueError("not now")
        self.caught_up += 1


@asynccontextmanager
async def listening(databases: Databases, ear: Ear) -> AsyncIterator[None]:
    listener = Listener(databases.url("posts_app"), CHANNEL, ear.told, ear.catch_up)
    task = asyncio.create_task(listener.run())
    try:
        await until(lambda: ear.caught_up == 1)
        yield
    finally:
        await cancel_and_wait([task])


async def say(databases: Databases, *payloads: str) -> None:
    for payload in payloads:
        await databases.execute("posts_app", "SELECT pg_notify($1, $2)", CHANNEL, payload)


async def test_what_is_said_is_heard_once_and_in_order(databases: Databases) -> None:
    ear, said = Ear(), [str(number) for number in range(50)]
    async with listening(databases, ear):
        await say(databases, *said)
        await until(lambda: len(ear.heard) >= len(said))
    assert ear.heard == said


async def test_every_listener_hears_it(databases: Databases) -> None:
    first, second = Ear(), Ear()
    async with listening(databases, first), listening(databases, second):
        await say(databases, "a")
        await until(lambda: first.heard == second.heard == ["a"])


async def test_what_is_said_in_a_transaction_is_heard_at_its_commit_and_never_without(databases: Databases) -> None:
    ear = Ear()
    async with listening(databases, ear):
        connection = await asyncpg.connect(databases.url("posts_app"))
        await connection.execute(f"BEGIN; NOTIFY {CHANNEL}, 'undone'; ROLLBACK; NOTIFY {CHANNEL}, 'done'")
        await connection.close()
        await until(lambda: ear.heard == ["done"])


async def test_a_listener_that_is_cut_off_comes_back_and_says_that_it_was_away(databases: Databases) -> None:
    ear = Ear()
    async with listening(databases, ear):
        for times in (2, 3):
            await end_backends(databases, LISTENING)
            await until(lambda times=times: ear.caught_up == times)  # type: ignore[misc]
            await say(databases, str(times))
            await until(lambda times=times: ear.heard[-1:] == [str(times)])  # type: ignore[misc]


async def test_whoever_fails_to_catch_up_is_asked_again(databases: Databases, caplog: pytest.LogCaptureFixture) -> None:
    ear = Ear()
    ear.failures = 2
    async with listening(databases, ear):
        assert ear.failures == 0
    assert [one.message for one in caplog.records].count("listening failed") == 2


async def test_a_listener_that_is_ended_leaves_no_connection(databases: Databases) -> None:
    async with listening(databases, Ear()):
        pass

    async def nobody_listens() -> bool:
        return await databases.fetch("posts_app", LISTENING) == []

    await until(nobody_listens)


async def test_a_doorbell_wakes_everybody_who_waits(databases: Databases) -> None:
    doorbell = Doorbell()
    waiting = [asyncio.create_task(wait_for(doorbell.next_ring(), 60)) for _ in range(3)]
    await asyncio.sleep(0)
    doorbell.ring("somebody")
    await asyncio.gather(*waiting)


async def test_a_ring_between_looking_and_waiting_is_not_missed(databases: Databases) -> None:
    doorbell = Doorbell()
    rung = doorbell.next_ring()
    doorbell.ring()
    await wait_for(rung, 60)
    assert not doorbell.next_ring().is_set()


async def test_a_listener_that_was_away_rings_the_doorbell(databases: Databases) -> None:
    doorbell = Doorbell()
    rung = doorbell.next_ring()
    await doorbell.caught_up()
    assert rung.is_set()


async def test_whoever_waits_in_vain_goes_on_when_the_time_is_over(databases: Databases) -> None:
    await wait_for(Doorbell().next_ring(), 0.01)
