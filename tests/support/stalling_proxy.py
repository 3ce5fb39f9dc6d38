"""A TCP proxy that can stop forwarding without closing anything: a cut network, as its two ends see it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

CHUNK_BYTES = 65_536


class StallingProxy:
    """Forwards between its clients and one local port. While it is stalled, bytes are taken and thrown away."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.connections = 0
        self.is_stalled = False

    def stall(self) -> None:
        self.is_stalled = True

    def forward(self) -> None:
        """Forward what connections send from now on. Those from which something was thrown away stay useless."""
        self.is_stalled = False

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._pass_on(reader, server_writer))
                    group.create_task(self._pass_on(server_reader, writer))
            finally:
                server_writer.transport.abort()
        writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            if not self.is_stalled:
                writer.write(chunk)
                await writer.drain()
        if not self.is_stalled:
            writer.write_eof()

    async def end(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def stalling_proxy(target_port: int) -> AsyncIterator[StallingProxy]:
    """A proxy at a free loopback port, which forwards until it is stalled."""
    proxy = StallingProxy(target_port)
    async with await asyncio.start_server(proxy.accept, "127.0.0.1", 0) as server:
        proxy.port = server.sockets[0].getsockname()[1]
        try:
            yield proxy
        finally:
            await proxy.end()
