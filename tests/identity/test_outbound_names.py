"""A name whose servers do not answer keeps nobody else waiting who looks up another one."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from identity_service.outbound.names import MOST_AT_ONCE, Names

PATIENCE = 0.2


class SilentServers:
    """The lookup of a name waits until the block ends, unless the name is another one."""

    def __init__(self) -> None:
        self.hosts: list[str] = []
        self.answer = threading.Event()

    def __call__(self, host: str, *_: Any, **__: Any) -> list[Any]:
        self.hosts.append(host)
        if host.startswith("silent"):
            self.answer.wait()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))]


@contextmanager
def silent_servers() -> Iterator[SilentServers]:
    servers = SilentServers()
    try:
        yield servers
    finally:
        servers.answer.set()


async def give_up(names: Names, host: str) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await names.addresses_of(host)


async def test_silent_name_holds_up_neither_other_names_nor_the_threads_of_the_event_loop() -> None:
    with silent_servers() as servers:
        names = Names(servers)
        await asyncio.gather(*(give_up(names, f"silent-{number}.example") for number in range(MOST_AT_ONCE - 1)))
        assert len(await names.addresses_of("feeds.example")) == 1
        # What the database and the mail server are looked up with.
        await asyncio.get_running_loop().getaddrinfo("localhost", 5432)


async def test_name_is_looked_up_once_at_a_time_however_many_wait_for_it() -> None:
    with silent_servers() as servers:
        names = Names(servers)
        await give_up(names, "silent.example")
        waiting = [asyncio.create_task(names.addresses_of("silent.example")) for _ in range(3)]
        await give_up(names, "silent.example")
        servers.answer.set()
        assert len({tuple(await each) for each in waiting}) == 1
        assert servers.hosts == ["silent.example"]
        await names.addresses_of("silent.example")
        assert len(servers.hosts) == 2


async def test_lookups_beyond_the_limit_fail_at_once_and_later_ones_work_again() -> None:
    with silent_servers() as servers:
        names = Names(servers)
        await asyncio.gather(*(give_up(names, f"silent-{number}.example") for number in range(MOST_AT_ONCE)))
        with pytest.raises(httpx.ConnectError):
            await names.addresses_of("feeds.example")
        last = asyncio.gather(*(names.addresses_of(host) for host in list(servers.hosts)))
        servers.answer.set()
        await last
        assert await names.addresses_of("feeds.example")


async def test_name_that_is_none_is_an_error_of_the_connection() -> None:
    for host in ("nowhere.invalid", "a" * 64 + ".example"):
        with pytest.raises(httpx.ConnectError):
            await Names().addresses_of(host)
