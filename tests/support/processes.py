"""The processes of a service: which one polls, a connection to a certain one, and one that stands still."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import psutil

from tests.support.stack import Stack
from tests.support.waiting import PATIENCE_SECONDS, until
from watchword.http_client.tls import ssl_context

HOLDER = "SELECT holder FROM posts.poll_lease WHERE valid_until > now()"
LEASES = "SELECT process FROM posts.process_leases WHERE valid_until > now()"


async def pids(running: Stack, sql: str) -> list[int]:
    """The processes that the leases of this query belong to; their names have the host, the number and more."""
    return [int(name.split()[1]) for (name,) in await running.databases.fetch("posts_app", sql)]


async def holder_and_others(running: Stack, workers: int) -> tuple[int, list[int]]:
    """The worker of posts that polls, and those that do not, when all of them run."""

    async def all_run() -> bool:
        return [len(await pids(running, sql)) for sql in (HOLDER, LEASES)] == [1, workers]

    await until(all_run)
    (holder,) = await pids(running, HOLDER)
    return holder, [process for process in await pids(running, LEASES) if process != holder]


@contextmanager
def standing_still(*processes: int) -> Iterator[float]:
    """SIGSTOP, and SIGCONT at the end of the block. Gives the time of the first, as `time.monotonic` has it."""
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield time.monotonic()
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


async def sent(http: httpx.AsyncClient, method: str, url: str, **options: Any) -> "asyncio.Task[httpx.Response]":
    """A request whose last byte has been sent, also to a process that stands still. Its answer comes when it wakes."""
    is_sent = asyncio.Event()

    async def trace(step: str, _: object) -> None:
        if step == "http11.send_request_body.complete":
            is_sent.set()

    request = asyncio.create_task(http.request(method, url, extensions={"trace": trace}, **options))
    await until(is_sent.is_set)
    return request


@asynccontextmanager
async def connected_to(url: str, process: int) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose one connection this worker of the service at `url` has accepted."""
    # Long, so that the client does not replace an idle connection by one that another worker accepts.
    limits = httpx.Limits(max_connections=1, keepalive_expiry=PATIENCE_SECONDS)
    while True:
        async with httpx.AsyncClient(
            verify=ssl_context(), trust_env=False, timeout=PATIENCE_SECONDS, limits=limits
        ) as client:
            answer = await client.get(f"{url}/livez")
            _, port = answer.extensions["network_stream"].get_extra_info("client_addr")[:2]
            if port in peer_ports(process):
                yield client
                return


def peer_ports(process: int) -> set[int]:
    """The ports at the other ends of this process's connections."""
    return {connection.raddr[1] for connection in psutil.Process(process).net_connections() if connection.raddr}


def own_ports(process: int) -> set[int]:
    """The ports of this process's connections."""
    return {connection.laddr[1] for connection in psutil.Process(process).net_connections() if connection.raddr}
