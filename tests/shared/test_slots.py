"""The slots of a pool: each has one holder, callers that wait get one in their order, and none is ever lost."""

import asyncio

import pytest

from tests.support.waiting import PATIENCE_SECONDS
from watchword.database.slots import Slots


def one_slot() -> Slots[str]:
    return Slots(1, wait_timeout=PATIENCE_SECONDS)


async def waiters(slots: Slots[str], number: int) -> list[asyncio.Task[str | None]]:
    """So many callers, all of them waiting."""
    tasks = [asyncio.create_task(slots.acquire()) for _ in range(number)]
    await asyncio.sleep(0)
    assert slots.waiting == number
    return tasks


async def cancelled(*tasks: asyncio.Task[str | None]) -> None:
    for task in tasks:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)


async def test_the_slot_that_was_released_last_is_acquired_first() -> None:
    slots = Slots[str](2, wait_timeout=PATIENCE_SECONDS)
    assert [await slots.acquire(), await slots.acquire()] == [None, None]
    slots.release("first")
    slots.release("second")
    assert [await slots.acquire(), await slots.acquire()] == ["second", "first"]


async def test_callers_that_wait_are_served_in_their_order() -> None:
    slots = one_slot()
    await slots.acquire()
    first, second = await waiters(slots, 2)
    slots.release("a connection")
    assert await first == "a connection"
    assert not second.done()
    slots.release("another")
    assert await second == "another"
    assert (slots.in_use, slots.waiting) == (1, 0)


async def test_a_slot_that_is_given_to_a_waiting_caller_is_free_for_no_other() -> None:
    slots = one_slot()
    await slots.acquire()
    (waiter,) = await waiters(slots, 1)
    slots.release("a connection")
    (late,) = await waiters(slots, 1)
    assert await waiter == "a connection"
    await cancelled(late)


async def test_a_caller_that_is_cancelled_while_it_waits_is_passed_over() -> None:
    slots = one_slot()
    await slots.acquire()
    first, second = await waiters(slots, 2)
    await cancelled(first)
    assert slots.waiting == 1
    slots.release("a connection")
    assert await second == "a connection"


async def test_a_caller_that_is_cancelled_but_has_not_run_since_is_passed_over() -> None:
    slots = one_slot()
    await slots.acquire()
    first, second = await waiters(slots, 2)
    first.cancel()
    slots.release("a connection")
    assert await second == "a connection"
    await cancelled(first)


async def test_a_caller_that_is_cancelled_when_it_is_served_hands_the_slot_on() -> None:
    slots = one_slot()
    await slots.acquire()
    first, second = await waiters(slots, 2)
    slots.release("a connection")
    await cancelled(first)
    assert await second == "a connection"
    slots.release("a connection")
    (alone,) = [asyncio.create_task(slots.acquire())]
    assert await alone == "a connection"


async def test_the_only_caller_that_waits_leaves_the_slot_free_if_it_is_cancelled_when_it_is_served() -> None:
    slots = one_slot()
    await slots.acquire()
    (waiter,) = await waiters(slots, 1)
    slots.release("a connection")
    await cancelled(waiter)
    assert (slots.in_use, slots.waiting) == (0, 0)
    assert await slots.acquire() == "a connection"


async def test_a_caller_that_has_waited_too_long_is_refused_and_takes_no_slot() -> None:
    slots = Slots[str](1, wait_timeout=0.01)
    await slots.acquire()
    with pytest.raises(TimeoutError):
        await slots.acquire()
    assert slots.waiting == 0
    slots.release("a connection")
    assert await slots.acquire() == "a connection"


async def test_a_caller_that_is_refused_but_has_not_run_since_is_passed_over() -> None:
    slots = Slots[str](1, wait_timeout=0.0)
    await slots.acquire()
    waiter = asyncio.create_task(slots.acquire())
    # In the first pass of the loop it begins to wait, in the second its time ends, in the third it would run.
    for _ in range(3):
        await asyncio.sleep(0)
    assert not waiter.done()
    slots.release("a connection")
    with pytest.raises(TimeoutError):
        await waiter
    assert await slots.acquire() == "a connection"


async def test_clearing_empties_the_free_slots_and_leaves_them_free() -> None:
    slots = Slots[str](2, wait_timeout=PATIENCE_SECONDS)
    await slots.acquire()
    await slots.acquire()
    slots.release("first")
    assert slots.clear() == ["first"]
    assert slots.in_use == 1
    assert await slots.acquire() is None
