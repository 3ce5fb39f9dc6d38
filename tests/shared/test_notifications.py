"""A listener passes on every notification, catches up when it may have missed some, and reconnects by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.support.databases import LISTENING, Databases
from tests.support.waiting import until
from watchword.database import Listener
from watchword.tasks import cancel_and_wait, wait_for

CHANNEL = "posts_test"


class Subscriber:
    """What a listener has passed on, and how often it has caught up. It fails to as often as `failures_left` says."""

    def __init__(self, failures_left: int = 0) -> None:
        self.payloads: list[str] = []
        self.catch_ups = 0
        self.failures_left = failures_left

    def receive(self, payload: str) -> None:
        self.payloads.append(payload)

    async def catch_up(self) -> None:
        if self.failures_left:
            self.failures_left -= 1
            raise ValueError("not now")
        self.catch_ups += 1


@asynccontextmanager
async def listening(databases: Databases, subscriber: Subscriber) -> AsyncIterator[None]:
    """The subscriber is connected and has caught up once; it stays connected until the end of the block."""
    listener = Listener(databases.url("posts_app"), CHANNEL, subscriber.receive, subscriber.catch_up)
    task = asyncio.create_task(listener.run())
    try:
        await until(lambda: subscriber.catch_ups == 1)
        yield
    finally:
        await cancel_and_wait([task])


async def notify(databases: Databases, *payloads: str) -> None:
    for payload in payloads:
        await databases.execute("posts_app", "SELECT pg_notify($1, $2)", CHANNEL, payload)


async def test_every_notification_arrives_once_and_in_order(databases: Databases) -> None:
    subscriber, sent = Subscriber(), [str(number) for number in range(50)]
    async with listening(databases, subscriber):
        await notify(databases, *sent)
        await until(lambda: len(subscriber.payloads) >= len(sent))
    assert subscriber.payloads == sent


async def test_every_listener_is_notified(databases: Databases) -> None:
    first, second = Subscriber(), Subscriber()
    async with listening(databases, first), listening(databases, second):
        await notify(databases, "a")
        await until(lambda: first.payloads == second.payloads == ["a"])


async def test_notification_of_a_transaction_arrives_at_its_commit_and_never_without(databases: Databases) -> None:
    subscriber = Subscriber()
    async with listening(databases, subscriber):
        connection = await asyncpg.connect(databases.url("posts_app"))
        await connection.execute(f"BEGIN; NOTIFY {CHANNEL}, 'undone'; ROLLBACK; NOTIFY {CHANNEL}, 'done'")
        await connection.close()
        await until(lambda: subscriber.payloads == ["done"])


async def test_a_listener_that_is_cut_off_reconnects_and_catches_up(databases: Databases) -> None:
    subscriber = Subscriber()
    async with listening(databases, subscriber):
        for times in (2, 3):
            await databases.end_connections("posts_app", LISTENING)
            await until(lambda times=times: subscriber.catch_ups == times)  # type: ignore[misc]
            await notify(databases, str(times))
            await until(lambda times=times: subscriber.payloads[-1:] == [str(times)])  # type: ignore[misc]


async def test_catching_up_that_fails_is_logged_and_repeated(
    databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    subscriber = Subscriber(failures_left=2)
    async with listening(databases, subscriber):
        assert subscriber.failures_left == 0
    works = [vars(record)["work"] for record in caplog.records if "background work failed" in record.message]
    assert works == [f"listening to {CHANNEL}"] * 2


async def test_a_listener_that_is_stopped_leaves_no_connection(databases: Databases) -> None:
    async with listening(databases, Subscriber()):
        pass

    async def no_connection_listens() -> bool:
        return await databases.fetch("posts_app", f"SELECT FROM pg_stat_activity WHERE {LISTENING}") == []

    await until(no_connection_listens)


async def test_waiting_ends_when_the_event_is_set_or_the_time_is_over() -> None:
    event = asyncio.Event()
    await wait_for(event, 0.01)
    waiting = asyncio.create_task(wait_for(event, 60))
    event.set()
    await waiting
