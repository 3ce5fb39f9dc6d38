"""The hashing queue serves addresses in turn, and none of them may fill it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event

import pytest

from identity_service.errors import HashingBusy
from identity_service.users.hashing_queue import HashingQueue
from tests.support.waiting import until
from watchword.limits import Pace

STRANGER = "192.0.2.66"


@pytest.fixture(autouse=True)
def no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals leave at once."""
    monkeypatch.setattr("watchword.limits.pace.GAP_SECONDS", 0.0)


@asynccontextmanager
async def busy(waiting: int) -> AsyncIterator[HashingQueue]:
    """A queue whose only thread is occupied until the block ends; it serves everybody before it is stopped."""
    queue, gate = HashingQueue(threads=1, waiting=waiting), Event()
    first = asyncio.create_task(queue.run(gate.wait, "203.0.113.1"))
    await asyncio.sleep(0)
    try:
        yield queue
    finally:
        gate.set()
        await first
        await until(lambda: queue.jobs() == {"running": 0, "waiting": 0})
        queue.stop()


def joined(queue: HashingQueue, source: str, served: list[str]) -> "asyncio.Task[None]":
    """A caller that waits in the queue, and whose source is noted when its work is done."""
    return asyncio.create_task(queue.run(lambda: served.append(source), source))


async def test_an_address_with_many_requests_delays_another_one_by_one_turn() -> None:
    served: list[str] = []
    async with busy(16) as queue:
        callers = [joined(queue, source, served) for source in [STRANGER] * 4 + ["honest"] * 2 + ["other"]]
        await asyncio.sleep(0)
    await asyncio.gather(*callers)
    assert served == [STRANGER, "honest", "other", STRANGER, "honest", STRANGER, STRANGER]


async def test_an_address_has_a_quarter_of_the_queue_at_most() -> None:
    async with busy(16) as queue:
        callers = [joined(queue, STRANGER, []) for _ in range(90)]
        done, waiting = await asyncio.wait(callers, timeout=0.1, return_when=asyncio.FIRST_EXCEPTION)
        assert (len(done), len(waiting)) == (86, 4)
        honest = joined(queue, "honest", [])
        await asyncio.sleep(0)
        assert queue.jobs() == {"running": 1, "waiting": 5}
    outcomes = await asyncio.gather(*callers, honest, return_exceptions=True)
    assert [isinstance(outcome, HashingBusy) for outcome in outcomes].count(True) == 86
    assert queue.outcomes == {"accepted": 6, "rejected": 86}


async def test_a_queue_of_one_still_takes_one_caller() -> None:
    async with busy(1) as queue:
        caller = joined(queue, STRANGER, [])
        await asyncio.sleep(0)
        with pytest.raises(HashingBusy):
            await queue.run(list, STRANGER)
        with pytest.raises(HashingBusy):
            await queue.run(list, "honest")
    await caller


async def test_four_strangers_who_fill_the_queue_make_room_for_an_honest_caller() -> None:
    async with busy(16) as queue:
        strangers = [joined(queue, f"192.0.2.{n % 4}", []) for n in range(16)]
        await asyncio.sleep(0)
        honest = joined(queue, "honest", [])
        await asyncio.sleep(0)
        assert queue.jobs() == {"running": 1, "waiting": 16}
    outcomes = await asyncio.gather(*strangers, return_exceptions=True)
    assert [isinstance(outcome, HashingBusy) for outcome in outcomes].count(True) == 1
    await honest


async def test_a_caller_who_gives_up_is_never_served() -> None:
    served: list[str] = []
    async with busy(16) as queue:
        gone, last = joined(queue, "gone", served), joined(queue, "last", served)
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
    await last
    assert served == ["last"]
    assert queue.jobs() == {"running": 0, "waiting": 0}


async def test_work_that_fails_gives_its_turn_to_the_next() -> None:
    served: list[str] = []
    async with busy(16) as queue:
        failing = asyncio.create_task(queue.run(lambda: 1 / 0, "a"))
        last = joined(queue, "b", served)
        await asyncio.sleep(0)
    with pytest.raises(ZeroDivisionError):
        await failing
    await last
    assert served == ["b"]


async def test_callers_who_wait_are_cancelled_when_the_queue_is_stopped() -> None:
    queue, gate = HashingQueue(threads=1, waiting=4), Event()
    first = asyncio.create_task(queue.run(gate.wait, "a"))
    waiting = joined(queue, "b", [])
    await asyncio.sleep(0)
    queue.stop()
    gate.set()
    assert isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], asyncio.CancelledError)
    assert await first
    assert await queue.run(lambda: 5, "b") == 5


async def test_refusals_of_one_source_leave_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchword.limits.pace.GAP_SECONDS", 0.5)
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    queue = HashingQueue(threads=1, waiting=1, pace=Pace(monotonic=lambda: 0.0, pause=pause))
    callers = [asyncio.create_task(queue.run(str, STRANGER)) for _ in range(5)]
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert [isinstance(outcome, HashingBusy) for outcome in outcomes] == [False, False, True, True, True]
    assert pauses == [0.5, 1.0]
    queue.stop()
