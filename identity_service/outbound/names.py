"""Looking up the hosts of URLs that others have chosen."""

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

import httpx

Address = IPv4Address | IPv6Address
Lookup = Callable[..., list[Any]]

MOST_AT_ONCE: Final = 16


class Names:
    """The addresses of hosts, each lookup in a thread of its own.

    A lookup cannot be broken off, and one whose servers are silent takes much longer than the request that it is for.
    Those of the event loop share a few threads, which the database and the mail server need as well. So there is one
    lookup of a host at a time, however many requests wait for it; and a process that ends waits for none.
    """

    def __init__(self, lookup: Lookup = socket.getaddrinfo) -> None:
        self._lookup = lookup
        self._running: dict[str, Future[list[Address]]] = {}

    async def addresses_of(self, host: str) -> list[Address]:
        """Every address of the host, each once. Raises ConnectError, also if too many other hosts are looked up."""
        running = self._running.get(host) or self._begin(host)
        try:
            # A caller that gives up must not end the lookup for the others.
            return await asyncio.shield(asyncio.wrap_future(running))
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(f"the name cannot be resolved: {error!r}") from None

    def _begin(self, host: str) -> Future[list[Address]]:
        if len(self._running) >= MOST_AT_ONCE:
            raise httpx.ConnectError("the lookups of too many other names take long")
        running = self._running[host] = Future()
        thread = threading.Thread(target=self._run, args=(host, running), name="lookup of a name", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            del self._running[host]
            raise httpx.ConnectError("the process cannot start a thread") from None
        return running

    def _run(self, host: str, running: Future[list[Address]]) -> None:
        try:
            addresses = self._resolve(host)
        except Exception as error:
            del self._running[host]
            running.set_exception(error)
        else:
            del self._running[host]
            running.set_result(addresses)

    def _resolve(self, host: str) -> list[Address]:
        answers = self._lookup(host, None, type=socket.SOCK_STREAM)
        # The part after % is the interface of a link-local address.
        return list(dict.fromkeys(ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in answers))
