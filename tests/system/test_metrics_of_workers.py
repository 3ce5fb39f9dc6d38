"""A service with several worker processes answers /metrics for all of them, whichever worker answers."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.support.metrics import Scrape, scrape
from tests.support.person import Person
from tests.support.stack import Stack, stack
from tests.support.waiting import until

WORKERS = 3
ANSWERED = {"method": "GET", "route": "/posts", "status": "200"}


@pytest.fixture(scope="module")
def many_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"POSTS_WORKERS": str(WORKERS), "IDENTITY_BCRYPT_ROUNDS": "4", "POSTS_DATABASE_POOL_SIZE": "2"}
    with stack(tmp_path_factory.mktemp("workers"), **settings) as running:
        yield running


def workers_of(many_workers: Stack) -> list[int]:
    """The ids of the worker processes, without their parent and Python's helper processes."""
    pids = []
    for child in psutil.Process(many_workers.child("posts").process.pid).children():
        # A process that has just ended has no command line.
        with contextlib.suppress(psutil.Error):
            if "spawn_main" in " ".join(child.cmdline()):
                pids.append(child.pid)
    return pids


async def kill_one(many_workers: Stack) -> None:
    """Kill one worker and return when another has replaced it."""
    one = workers_of(many_workers)[0]
    os.kill(one, signal.SIGKILL)
    await until(lambda: one not in workers_of(many_workers) and len(workers_of(many_workers)) == WORKERS)
    many_workers.await_ready("posts")


async def get_on_a_new_connection(many_workers: Stack, path: str) -> httpx.Response:
    """Send a request on a connection of its own, which any worker may accept."""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
        return await http.get(f"{many_workers.posts}{path}")


async def metrics_of(many_workers: Stack) -> Scrape:
    async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
        return await scrape(http, f"{many_workers.posts}/metrics")


async def request_count(many_workers: Stack) -> float:
    return (await metrics_of(many_workers))("watchword_http_requests_total", **ANSWERED)


async def test_requests_of_every_process_are_counted_and_survive_it(many_workers: Stack) -> None:
    before = await request_count(many_workers)
    await asyncio.gather(*(get_on_a_new_connection(many_workers, "/posts") for _ in range(40)))

    async def all_are_counted() -> bool:
        return await request_count(many_workers) == before + 40

    await until(all_are_counted)
    await kill_one(many_workers)
    assert await request_count(many_workers) == before + 40


async def test_gauges_are_of_the_processes_that_live(many_workers: Stack) -> None:
    async def sizes_are_of_all() -> bool:
        return (await metrics_of(many_workers))("watchword_database_connections_size", pool="reads") == WORKERS * 2

    await until(sizes_are_of_all)
    await kill_one(many_workers)
    await until(sizes_are_of_all)


async def test_what_parts_count_is_added_up(many_workers: Stack, http: httpx.AsyncClient) -> None:
    author = await Person(http, many_workers, "ada").register()
    for _ in range(20):
        async with httpx.AsyncClient(trust_env=False, timeout=20, headers=author.headers) as own:
            assert (await own.get(f"{many_workers.posts}/posts")).status_code == 200

    async def every_use_is_counted() -> bool:
        metrics = await metrics_of(many_workers)
        accepted = metrics("watchword_token_verifications_total", outcome="accepted")
        return accepted + metrics("watchword_token_verifications_total", outcome="remembered") == 20

    await until(every_use_is_counted)


async def test_memory_and_descriptors_are_of_all_processes(many_workers: Stack) -> None:
    async def every_process_is_counted() -> bool:
        figures = await metrics_of(many_workers)
        descriptors = [psutil.Process(worker).rlimit(psutil.RLIMIT_NOFILE)[0] for worker in workers_of(many_workers)]
        return bool(figures("process_max_fds") == sum(descriptors) > 0)

    await until(every_process_is_counted)
    figures = await metrics_of(many_workers)
    smallest = min(psutil.Process(worker).memory_info().rss for worker in workers_of(many_workers))
    assert figures("process_resident_memory_bytes") > 2 * smallest
    assert figures("python_gc_collections_total", generation="0") > 0
    assert "python_info" in figures.names
