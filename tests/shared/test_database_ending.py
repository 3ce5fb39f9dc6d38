"""A server that has announced the end of a connection and has not closed it yet: nothing was sent, so it is replaced.

A session has begun by then, and is unavailable once.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.shared.tables import SELECT_BACKEND, Way, read, transact, write
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.database import Database, DatabaseUnavailable


class HalfClosing:
    """Forwards to PostgreSQL, but what the server closes stays open for the client."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._clients: list[asyncio.StreamWriter] = []
        self.ends_announced = 0
        self.open = 0

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self._clients.append(writer)
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._port)

        async def forward_requests() -> None:
            with contextlib.suppress(ConnectionError):
                while data := await reader.read(65_536):
                    to_server.write(data)
            to_server.close()

        requests = asyncio.create_task(forward_requests())
        while data := await from_server.read(65_536):
            writer.write(data)
        self.ends_announced += 1
        await requests
        self.open -= 1

    async def close(self) -> None:
        for client in self._clients:
            client.close()
        await until(lambda: self.open == 0)


@asynccontextmanager
async def behind(databases: Databases) -> AsyncIterator[tuple[HalfClosing, Database]]:
    """A database behind such a proxy, with one connection for each way."""
    proxy = HalfClosing(databases.server.port)
    server = await asyncio.start_server(proxy.forward, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    database = Database(databases.url("posts_app").replace(f":{databases.server.port}/", f":{port}/"), size=1)
    try:
        yield proxy, database
    finally:
        await proxy.close()
        await database.close()
        server.close()


async def used_and_ended(proxy: HalfClosing, databases: Databases, database: Database, way: Way) -> None:
    assert len(await way(database, SELECT_BACKEND)) == 1
    await databases.end_connections("posts_app")
    await until(lambda: proxy.ends_announced == 1)


async def test_session_on_a_connection_that_is_being_ended_is_unavailable_and_then_succeeds(
    databases: Databases,
) -> None:
    async with behind(databases) as (proxy, database):
        await used_and_ended(proxy, databases, database, transact)
        with pytest.raises(DatabaseUnavailable):
            await transact(database, SELECT_BACKEND)
        assert len(await transact(database, SELECT_BACKEND)) == 1


@pytest.mark.parametrize("way", [read, write])
async def test_prepared_statement_on_a_connection_that_is_being_ended_is_sent_on_another(
    databases: Databases, way: Way
) -> None:
    async with behind(databases) as (proxy, database):
        await used_and_ended(proxy, databases, database, way)
        assert len(await way(database, SELECT_BACKEND)) == 1
        assert len(await way(database, SELECT_BACKEND)) == 1
