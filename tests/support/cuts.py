"""A TCP proxy that can stop forwarding without closing anything, as a network does that is cut."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.support.loop_end import end_serving


class Proxy:
    """Forwards to a port of 127.0.0.1. `cut` makes the connections that are open hang for ever; later ones are new."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ends = asyncio.Event()
        self.port: int = self._listening.getsockname()[1]
        self._open: set[Wire] = set()
        self._is_healed = asyncio.Event()
        self._is_healed.set()
        # On a thread of its own, since tests also wait for processes that connect through it.
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve()])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ends.set)
        self._thread.join()
        self._loop.close()

    def wires(self) -> "list[Wire]":
        """The connections that are open and not cut."""
        return [wire for wire in list(self._open) if not wire.is_cut]

    def cut(self, is_meant: "Callable[[Wire], bool]" = lambda _: True) -> int:
        """Forward nothing more on the connections that are open, or on those that are meant, and return how many they
        are."""
        meant = [wire for wire in list(self._open) if is_meant(wire)]
        for wire in meant:
            self._loop.call_soon_threadsafe(wire.cut)
        return len(meant)

    def cut_all(self) -> None:
        """Forward nothing more, also on later connections, until `heal`."""
        self._loop.call_soon_threadsafe(self._is_healed.clear)
        self.cut()

    def heal(self) -> None:
        """Forward again on connections that are made from now on."""
        self._loop.call_soon_threadsafe(self._is_healed.set)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._pass_on, sock=self._listening)
        await self._ends.wait()
        await end_serving(server)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(writer.get_extra_info("peername")[1])
        self._open.add(wire)
        if not self._is_healed.is_set():
            wire.cut()
        try:
            await wire.join(reader, writer, self._target_port)
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(wire)
            writer.transport.abort()


class Wire:
    """One connection through the proxy, in both directions. The client's port is `client_port`; the target sees
    `proxy_port`."""

    def __init__(self, client_port: int) -> None:
        self.client_port = client_port
        self.proxy_port = 0
        self.used_at = 0.0
        """When the client has last sent something."""
        self._is_cut = asyncio.Event()
        # Held by the wire, so that the task that waits for it is not collected as garbage.
        self._never = asyncio.Event()

    @property
    def is_cut(self) -> bool:
        return self._is_cut.is_set()

    def cut(self) -> None:
        self._is_cut.set()

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
        self.proxy_port = to_server.get_extra_info("sockname")[1]
        try:
            ways = [
                asyncio.ensure_future(self._copy(reader, to_server, is_client=True)),
                asyncio.ensure_future(self._copy(from_server, writer)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                if self._is_cut.is_set():
                    # Neither end hears of it.
                    await self._never.wait()
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            to_server.transport.abort()

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_client: bool = False
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await self._read(reader):
                if self._is_cut.is_set():
                    return
                if is_client:
                    self.used_at = time.monotonic()
                writer.write(data)
                await writer.drain()

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        reading, cutting = asyncio.ensure_future(reader.read(65_536)), asyncio.ensure_future(self._is_cut.wait())
        try:
            await asyncio.wait((reading, cutting), return_when=asyncio.FIRST_COMPLETED)
            return reading.result() if reading.done() and not self._is_cut.is_set() else b""
        finally:
            reading.cancel()
            cutting.cancel()


@contextmanager
def proxy_to(target_port: int) -> Iterator[Proxy]:
    """A proxy that runs for as long as the block lasts."""
    proxy = Proxy(target_port)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
