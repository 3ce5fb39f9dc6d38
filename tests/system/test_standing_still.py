"""Processes that stand still, as on a machine that is paused: others take over, and the one that wakes up lets nothing
in that was revoked meanwhile."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
import psutil
import pytest

from tests.support.live_server import Events
from tests.support.person import Person
from tests.support.services import unique
from tests.support.stack import Stack, stack
from tests.support.waiting import PATIENCE_SECONDS, until
from tests.system.conftest import SETTINGS

WORKERS = 3
HOLDER = "SELECT holder FROM posts.poll_lease WHERE valid_until > now()"
LEASES = "SELECT process FROM posts.process_leases WHERE valid_until > now()"
WAITING = "SELECT FROM identity.stream_events"


@pytest.fixture(scope="module")
def many_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {**SETTINGS, "POSTS_WORKERS": str(WORKERS), "IDENTITY_LONG_POLL_SECONDS": "1"}
    with stack(tmp_path_factory.mktemp("still"), **settings) as running:
        yield running


async def pids(running: Stack, sql: str) -> list[int]:
    """The processes that the leases of this query belong to; their names have the host, the number and more."""
    return [int(name.split()[1]) for (name,) in await running.databases.fetch("posts_app", sql)]


async def holder_and_others(running: Stack) -> tuple[int, list[int]]:
    """The worker that polls, and those that do not, when all of them run."""

    async def all_run() -> bool:
        return [len(await pids(running, sql)) for sql in (HOLDER, LEASES)] == [1, WORKERS]

    await until(all_run)
    (holder,) = await pids(running, HOLDER)
    return holder, [process for process in await pids(running, LEASES) if process != holder]


@contextmanager
def standing_still(process: int) -> Iterator[None]:
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


@asynccontextmanager
async def connected_to(running: Stack, process: int) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose one connection this worker has accepted."""
    while True:
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as client:
            answer = await client.get(f"{running.posts}/livez")
            _, port = answer.extensions["network_stream"].get_extra_info("client_addr")[:2]
            if port in peer_ports(process):
                yield client
                return


def peer_ports(process: int) -> set[int]:
    return {connection.raddr[1] for connection in psutil.Process(process).net_connections() if connection.raddr}


async def is_refused(http: httpx.AsyncClient, ada: Person) -> bool:
    answer = await http.get(f"{ada.stack.posts}/posts?state=draft", headers=ada.headers)
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 401


async def sign_out(ada: Person) -> None:
    ended = await ada.http.delete(f"{ada.stack.identity}/sessions/current", headers=ada.identity_headers)
    assert ended.status_code == 204


@pytest.mark.parametrize("polls", [True, False], ids=["the one that polls", "another one"])
async def test_others_obey_while_a_process_stands_still_and_its_first_answer_afterwards_is_a_refusal(
    many_workers: Stack, http: httpx.AsyncClient, polls: bool
) -> None:
    ada = await Person(http, many_workers, unique("ada")).register()
    holder, others = await holder_and_others(many_workers)
    still, awake = (holder, others[0]) if polls else (others[0], holder)
    async with connected_to(many_workers, still) as frozen, connected_to(many_workers, awake) as other:
        assert not await is_refused(frozen, ada)
        assert not await is_refused(other, ada)
        with standing_still(still):
            await sign_out(ada)
            await until(lambda: is_refused(other, ada))

            async def is_acknowledged() -> bool:
                return await many_workers.databases.fetch("identity_app", WAITING) == []

            # Nobody waits for it when its lease has run out.
            await until(is_acknowledged)
            assert still not in await pids(many_workers, LEASES)
            answering = asyncio.create_task(is_refused(frozen, ada))
            await asyncio.sleep(0.1)
        assert await answering
        # It serves others, and looks again.
        grace = await Person(http, many_workers, unique("grace")).register()
        assert not await is_refused(frozen, grace)
    assert ((await holder_and_others(many_workers))[0] != still) or not polls


async def test_a_process_that_stood_still_for_a_moment_is_waited_for(
    many_workers: Stack, http: httpx.AsyncClient
) -> None:
    ada = await Person(http, many_workers, unique("ada")).register()
    holder, (still, *_) = await holder_and_others(many_workers)
    async with connected_to(many_workers, still) as frozen, connected_to(many_workers, holder) as other:
        with standing_still(still):
            await sign_out(ada)
            await until(lambda: is_refused(other, ada))
            is_waited_for = still in await pids(many_workers, LEASES)
            waiting = await many_workers.databases.fetch("identity_app", WAITING)
        # If the lease had run out in between, nothing would be waited for.
        assert not is_waited_for or waiting != []
        await until(lambda: is_refused(frozen, ada))


async def test_a_stream_of_a_process_that_stood_still_goes_on_with_its_end(
    many_workers: Stack, http: httpx.AsyncClient
) -> None:
    ada, grace = [await Person(http, many_workers, unique(name)).register() for name in ("ada", "grace")]
    holder, (still, *_) = await holder_and_others(many_workers)
    url = f"{many_workers.posts}/posts/events"
    async with (
        connected_to(many_workers, holder) as awake,
        connected_to(many_workers, still) as first,
        connected_to(many_workers, still) as second,
        first.stream("GET", url, headers=ada.headers) as hers,
        second.stream("GET", url, headers=grace.headers) as theirs,
    ):
        with standing_still(still):
            await sign_out(ada)
            post = {"title": "Meanwhile", "body": "A body"}
            made = await awake.post(f"{many_workers.posts}/posts", json=post, headers=grace.headers)
            assert made.status_code == 201, made.text

            async def is_given_up() -> bool:
                return still not in await pids(many_workers, LEASES)

            await until(is_given_up)
        assert [event.name for event in await Events(hers).rest()] == ["signed-out"]
        event = await Events(theirs).next()
        assert event is not None
        assert "Meanwhile" in event.data
