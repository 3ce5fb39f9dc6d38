"""TLS in front of the embedded PostgreSQL, which has none: what a managed PostgreSQL looks like to a client."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.loop_end import end_serving

SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


class TlsProxy:
    """Counts the connections that came over TLS, and those that did not and were turned away."""

    def __init__(self, server_port: int, context: ssl.SSLContext) -> None:
        self._server_port = server_port
        self._context = context
        self._loop = asyncio.new_event_loop()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ends = asyncio.Event()
        self.port: int = self._listening.getsockname()[1]
        self.encrypted = 0
        self.turned_away = 0
        # On a thread of its own, since tests also wait for processes that connect through it.
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve()])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ends.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._pass_on, sock=self._listening)
        await self._ends.wait()
        await end_serving(server)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if await reader.readexactly(8) != SSL_REQUEST:
                self.turned_away += 1
                return
            writer.write(b"S")
            await writer.start_tls(self._context)
            self.encrypted += 1
            await self._both_ways(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def _both_ways(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        try:
            ways = [asyncio.ensure_future(_copy(reader, to_server)), asyncio.ensure_future(_copy(from_server, writer))]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            to_server.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()


@contextmanager
def tls_before(server_port: int, context: ssl.SSLContext) -> Iterator[TlsProxy]:
    """A proxy that runs for as long as the block lasts."""
    proxy = TlsProxy(server_port, context)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
