"""The places of a pool: each has one holder, whoever waits gets one in turn, and none is ever lost."""

import asyncio

import pytest

from tests.support.waiting import PATIENCE_SECONDS
from watchword.database.places import Places


def one_place() -> Places[str]:
    return Places(1, wait_timeout=PATIENCE_SECONDS)


async def waiters(places: Places[str], number: int) -> list[asyncio.Task[str | None]]:
    """So many callers, all of them waiting."""
    tasks = [asyncio.create_task(places.take()) for _ in range(number)]
    await asyncio.sleep(0)
    assert places.waiting == number
    return tasks


async def cancelled(*tasks: asyncio.Task[str | None]) -> None:
    for task in tasks:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)


async def test_the_place_that_was_given_back_last_is_taken_first() -> None:
    places = Places[str](2, wait_timeout=PATIENCE_SECONDS)
    assert [await places.take(), await places.take()] == [None, None]
    places.give_back("first")
    places.give_back("second")
    assert [await places.take(), await places.take()] == ["second", "first"]


async def test_those_who_wait_are_served_in_their_order() -> None:
    places = one_place()
    await places.take()
    first, second = await waiters(places, 2)
    places.give_back("a connection")
    assert await first == "a connection"
    assert not second.done()
    places.give_back("another")
    assert await second == "another"
    assert (places.in_use, places.waiting) == (1, 0)


async def test_a_place_that_is_given_to_a_waiter_is_free_for_nobody_else() -> None:
    places = one_place()
    await places.take()
    (waiter,) = await waiters(places, 1)
    places.give_back("a connection")
    (late,) = await waiters(places, 1)
    assert await waiter == "a connection"
    await cancelled(late)


async def test_who_is_cancelled_while_waiting_is_passed_over() -> None:
    places = one_place()
    await places.take()
    first, second = await waiters(places, 2)
    await cancelled(first)
    assert places.waiting == 1
    places.give_back("a connection")
    assert await second == "a connection"


async def test_who_is_cancelled_but_has_not_run_since_is_passed_over() -> None:
    places = one_place()
    await places.take()
    first, second = await waiters(places, 2)
    first.cancel()
    places.give_back("a connection")
    assert await second == "a connection"
    await cancelled(first)


async def test_who_is_cancelled_in_the_moment_of_being_served_hands_the_place_on() -> None:
    places = one_place()
    await places.take()
    first, second = await waiters(places, 2)
    places.give_back("a connection")
    await cancelled(first)
    assert await second == "a connection"
    places.give_back("a connection")
    (alone,) = [asyncio.create_task(places.take())]
    assert await alone == "a connection"


async def test_the_only_waiter_that_is_cancelled_in_that_moment_leaves_the_place_free() -> None:
    places = one_place()
    await places.take()
    (waiter,) = await waiters(places, 1)
    places.give_back("a connection")
    await cancelled(waiter)
    assert (places.in_use, places.waiting) == (0, 0)
    assert await places.take() == "a connection"


async def test_who_has_waited_too_long_is_refused_and_takes_no_place() -> None:
    places = Places[str](1, wait_timeout=0.01)
    await places.take()
    with pytest.raises(TimeoutError):
        await places.take()
    assert places.waiting == 0
    places.give_back("a connection")
    assert await places.take() == "a connection"


async def test_who_is_refused_but_has_not_run_since_is_passed_over() -> None:
    places = Places[str](1, wait_timeout=0.0)
    await places.take()
    waiter = asyncio.create_task(places.take())
    # In the first pass of the loop it begins to wait, in the second its time ends, in the third it would run.
    for _ in range(3):
        await asyncio.sleep(0)
    assert not waiter.done()
    places.give_back("a connection")
    with pytest.raises(TimeoutError):
        await waiter
    assert await places.take() == "a connection"


async def test_clearing_empties_the_free_places_and_leaves_them_free() -> None:
    places = Places[str](2, wait_timeout=PATIENCE_SECONDS)
    await places.take()
    await places.take()
    places.give_back("first")
    assert places.clear() == ["first"]
    assert places.in_use == 1
    assert await places.take() is None
