"""One reader who listens, and how many of them may be anonymous."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address
from typing import Final

from posts_service.errors import TooManyListeners

# What may wait for a listener who reads slowly. Then their stream ends, and they come back with their last id.
MAX_WAITING: Final = 100

MAX_PER_ADDRESS: Final = 10


class Listener:
    """A queue of parts of an event stream, each of which is told to many listeners."""

    def __init__(self) -> None:
        # None is the end.
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()

    def put(self, part: bytes) -> None:
        if self._waiting.qsize() < MAX_WAITING:
            self._waiting.put_nowait(part)
        elif self._waiting.qsize() == MAX_WAITING:
            self.end()

    def end(self) -> None:
        self._waiting.put_nowait(None)

    async def parts(self) -> AsyncIterator[bytes]:
        while (part := await self._waiting.get()) is not None:
            yield part


class Places:
    """The places of anonymous listeners in this process: MAX_PER_ADDRESS for each address, or network of IPv6."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @contextmanager
    def place_for(self, address: str | None) -> Iterator[None]:
        """A place during the block; None needs none. Raises TooManyListeners."""
        if address is None:
            yield
            return
        key = _network_of(address)
        if self._taken[key] >= MAX_PER_ADDRESS:
            raise TooManyListeners
        self._taken[key] += 1
        try:
            yield
        finally:
            self._taken[key] -= 1
            if not self._taken[key]:
                del self._taken[key]


def _network_of(address: str) -> str:
    """The address, or its network for IPv6, in which one household has 2**64 addresses."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        # What a trusted proxy names otherwise, such as "unknown", counts as one address.
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
    return address
