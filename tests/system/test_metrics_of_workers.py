"""A service of several processes answers /metrics for all of them, whichever is asked."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.support.figures import Figures, figures_of
from tests.support.stack import Person, Stack, stack
from tests.support.waiting import until, until_async

WORKERS = 3
ANSWERED = {"method": "GET", "route": "/posts", "status": "200"}


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"POSTS_WORKERS": str(WORKERS), "IDENTITY_BCRYPT_ROUNDS": "4", "POSTS_DATABASE_POOL_SIZE": "2"}
    with stack(tmp_path_factory.mktemp("crowd"), **settings) as found:
        yield found


def workers_of(crowd: Stack) -> list[int]:
    """The processes that answer; the others of the service are their parent and helpers of Python."""
    found = []
    for child in psutil.Process(crowd.child("posts").process.pid).children():
        # One that has just ended has no command line.
        with contextlib.suppress(psutil.Error):
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child.pid)
    return found


async def kill_one(crowd: Stack) -> None:
    """Returns when another process serves in its place."""
    one = workers_of(crowd)[0]
    os.kill(one, signal.SIGKILL)
    await until(lambda: one not in workers_of(crowd) and len(workers_of(crowd)) == WORKERS)
    crowd.await_ready("posts")


async def asked_anew(crowd: Stack, path: str) -> httpx.Response:
    """A connection of its own, which any of the processes may accept."""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
        return await http.get(f"{crowd.posts}{path}")


async def figures(crowd: Stack) -> Figures:
    async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
        return await figures_of(http, f"{crowd.posts}/metrics")


async def counted(crowd: Stack) -> float:
    return (await figures(crowd))("watchword_http_requests_total", **ANSWERED)


async def test_requests_of_every_process_are_counted_and_survive_it(crowd: Stack) -> None:
    before = await counted(crowd)
    await asyncio.gather(*(asked_anew(crowd, "/posts") for _ in range(40)))

    async def all_are_counted() -> bool:
        return await counted(crowd) == before + 40

    await until_async(all_are_counted)
    await kill_one(crowd)
    assert await counted(crowd) == before + 40


async def test_gauges_are_of_the_processes_that_live(crowd: Stack) -> None:
    async def sizes_are_of_all() -> bool:
        return (await figures(crowd))("watchword_database_connections_size", pool="reads") == WORKERS * 2

    await until_async(sizes_are_of_all)
    await kill_one(crowd)
    await until_async(sizes_are_of_all)


async def test_what_parts_count_is_added_up(crowd: Stack, http: httpx.AsyncClient) -> None:
    author = await Person(http, crowd, "ada").register()
    for _ in range(20):
        async with httpx.AsyncClient(trust_env=False, timeout=20, headers=author.headers) as own:
            assert (await own.get(f"{crowd.posts}/posts")).status_code == 200

    async def every_use_is_counted() -> bool:
        found = await figures(crowd)
        accepted = found("watchword_token_verifications_total", outcome="accepted")
        return accepted + found("watchword_token_verifications_total", outcome="remembered") == 20

    await until_async(every_use_is_counted)
