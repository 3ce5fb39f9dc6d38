"""Jobs for a client that is slow or silent are put off at once: waiting, they would hold up those of other clients."""

import asyncio

import pytest

from identity_service.logouts.turns import MOST_PER_CLIENT, TURN_SECONDS, ClientAway, NotItsTurn, Turns
from tests.support.waiting import until


def ensure_put_off(turns: Turns, client_id: str) -> None:
    """Raise unless a job of this client is put off, without waiting for anything."""
    entering = turns.of(client_id).__aenter__()
    with pytest.raises(NotItsTurn):
        entering.send(None)


async def request(turns: Turns, client_id: str, end: asyncio.Event, error: Exception | None = None) -> None:
    async with turns.of(client_id):
        await end.wait()
        if error is not None:
            raise error


async def has_turn(turns: Turns, client_id: str) -> bool:
    try:
        async with turns.of(client_id):
            return True
    except NotItsTurn:
        return False


async def test_job_of_a_client_whose_requests_take_long_is_put_off_at_once() -> None:
    turns, end = Turns(), asyncio.Event()
    requests = [asyncio.create_task(request(turns, "slow", end)) for _ in range(MOST_PER_CLIENT)]
    await asyncio.sleep(0)
    # While they may still be fast, another one waits for its turn, though not for long.
    assert not await has_turn(turns, "slow")
    ensure_put_off(turns, "slow")
    assert await has_turn(turns, "fast")
    end.set()
    await asyncio.gather(*requests)
    assert await has_turn(turns, "slow")


async def test_client_rests_longer_than_its_failed_request_took_and_then_has_its_turn() -> None:
    turns, end = Turns(), asyncio.Event()
    failing = asyncio.create_task(request(turns, "silent", end, ClientAway("it does not answer")))
    asyncio.get_running_loop().call_later(TURN_SECONDS, end.set)
    with pytest.raises(ClientAway):
        await failing
    ensure_put_off(turns, "silent")
    assert await has_turn(turns, "fast")
    await until(lambda: has_turn(turns, "silent"))


async def test_client_that_refuses_at_once_does_not_rest_so_that_it_gets_its_tokens_as_soon_as_it_is_back() -> None:
    turns, end = Turns(), asyncio.Event()
    end.set()
    with pytest.raises(ClientAway):
        await request(turns, "restarting", end, ClientAway("it answers 503"))
    await until(lambda: has_turn(turns, "restarting"))


async def test_end_of_the_process_is_no_failure_of_the_client() -> None:
    turns, end = Turns(), asyncio.Event()
    running = asyncio.create_task(request(turns, "notes", end))
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running])
    assert await has_turn(turns, "notes")
