"""A server of an app in this process, and clients of what it keeps open: server-sent events and WebSockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import httpx
import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support.ports import held_port
from tests.support.waiting import PATIENCE_SECONDS, until
from watchword.service.time_limits import BoundedConnection


class ServerWithoutSignals(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to pytest."""
        yield


class LiveServer:
    """A server of one app. `http` is a client of it."""

    def __init__(self, server: uvicorn.Server, port: int, http: httpx.AsyncClient) -> None:
        self.server = server
        self.port = port
        self.http = http

    def open_tasks(self) -> int:
        """How many requests and WebSockets it serves now."""
        return len(self.server.server_state.tasks)

    @asynccontextmanager
    async def events(self, path: str, headers: dict[str, str] | None = None) -> AsyncIterator["Events"]:
        """A stream of server-sent events, which must be answered with 200."""
        async with self.http.stream("GET", path, headers=headers) as answer:
            assert answer.status_code == 200, await answer.aread()
            yield Events(answer)

    def connect(self, path: str, *subprotocols: str, headers: Sequence[tuple[str, str]] = ()) -> connect:
        """A WebSocket that offers these subprotocols."""
        names = [*subprotocols] or None
        url = f"ws://127.0.0.1:{self.port}{path}"
        return connect(
            url,
            subprotocols=names,  # type: ignore[arg-type] # a subprotocol is any text
            additional_headers=headers,
            open_timeout=PATIENCE_SECONDS,
            proxy=None,
        )


class Event(NamedTuple):
    """One server-sent event."""

    name: str
    data: str
    id: str


class Events:
    """Reads the events of one answer."""

    def __init__(self, answer: httpx.Response) -> None:
        self.headers = answer.headers
        self._lines = answer.aiter_lines()
        self.last_id = ""

    async def next(self) -> Event | None:
        """The next event, or None at the end of the stream."""
        name, data = "message", ""
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for line in self._lines:
                field, _, value = line.partition(": ")
                match field:
                    case "event":
                        name = value
                    case "data":
                        data += value
                    case "id":
                        self.last_id = value
                    case "" if data and not line:
                        return Event(name, data, self.last_id)
                    case "" if not line:
                        name = "message"
        return None

    async def rest(self) -> list[Event]:
        """Every event until the stream ends."""
        events = []
        while (event := await self.next()) is not None:
            events.append(event)
        return events


async def close_code(socket: ClientConnection) -> int | None:
    """The code with which the server closes this WebSocket, whatever it sends before."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        with contextlib.suppress(ConnectionClosed):
            async for _ in socket:
                pass
    return socket.close_code


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[LiveServer]:
    """The app, as it is served in production, for as long as the block lasts."""
    with held_port() as port:
        config = uvicorn.Config(
            app,
            port=port,
            http=BoundedConnection,
            ws="websockets-sansio",
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=5,
        )
        server = ServerWithoutSignals(config)
        running = asyncio.create_task(server.serve())
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_SECONDS) as http:
            try:
                await until(lambda: server.started or running.done())
                yield LiveServer(server, port, http)
            finally:
                server.should_exit = True
                await running
