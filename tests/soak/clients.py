"""Clients that keep a connection open until the server ends it. Each is a task; `ended_at` is when it was told so."""

import asyncio
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.support.waiting import PATIENCE_SECONDS

SIGNED_OUT_CODE = 4401


class Client(ABC):
    """One open connection of a person."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token
        self.is_open = asyncio.Event()
        self.ended_at: float | None = None
        self.was_signed_out = False
        self.heard = 0
        self._task = asyncio.create_task(self.run())

    @abstractmethod
    async def run(self) -> None:
        """Open the connection, and read until the server ends it."""

    async def until_open(self) -> None:
        opening = asyncio.ensure_future(self.is_open.wait())
        await asyncio.wait({opening, self._task}, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        opening.cancel()
        if self._task.done():
            self._task.result()
        assert self.is_open.is_set(), f"{self.url} does not open"

    def ensure_open(self) -> None:
        """Raise an error if the connection has failed, or if the server has ended it."""
        if self._task.done():
            self._task.result()
            raise AssertionError(f"the server has ended {self.url}")

    async def until_signed_out(self) -> None:
        """Wait until the server has ended the connection. Raise an error if it does not say that this is because of a
        sign-out."""
        await asyncio.wait({self._task}, timeout=PATIENCE_SECONDS)
        assert self._task.done(), f"the server does not end {self.url}"
        self._task.result()
        assert self.was_signed_out, f"the server has ended {self.url} without a reason"

    async def leave(self) -> None:
        self._task.cancel()
        # Whatever it has met on its way.
        await asyncio.gather(self._task, return_exceptions=True)


class Reader(Client):
    """A stream of server-sent events, by hand: a thousand of them must not keep this process busy."""

    async def run(self) -> None:
        target = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(target.hostname, target.port)
        try:
            head = f"GET {target.path} HTTP/1.1\r\nHost: {target.netloc}\r\nAuthorization: Bearer {self.token}\r\n\r\n"
            writer.write(head.encode())
            status = await reader.readline()
            assert b" 200 " in status, status
            self.is_open.set()
            while line := await reader.readline():
                if line.startswith(b"data:"):
                    self.heard += 1
                elif line == b"event: signed-out\n":
                    self.ended_at, self.was_signed_out = time.perf_counter(), True
                elif line == b"0\r\n":
                    break
            self.ended_at = self.ended_at or time.perf_counter()
        finally:
            writer.close()


class Talker(Client):
    """A WebSocket."""

    async def run(self) -> None:
        offer = ["watchword", f"watchword.bearer.{self.token}"]
        async with connect(
            self.url,
            subprotocols=offer,  # type: ignore[arg-type] # a subprotocol is any text
            open_timeout=PATIENCE_SECONDS,
            ping_interval=None,
            compression=None,
            proxy=None,
        ) as socket:
            self.is_open.set()
            with suppress(ConnectionClosed):
                async for _ in socket:
                    self.heard += 1
            self.ended_at, self.was_signed_out = time.perf_counter(), socket.close_code == SIGNED_OUT_CODE
