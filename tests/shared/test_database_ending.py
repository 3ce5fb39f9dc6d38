"""A server that has said that it ends a connection, and has not closed it yet: unavailable, and then replaced."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from tests.shared.tables import BACKEND, kill_connections
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.database.database import Database, DatabaseUnavailable


class HalfClosing:
    """Forwards to PostgreSQL, but what the server closes stays open for the client."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._clients: list[asyncio.StreamWriter] = []
        self.said_to_end = 0
        self.open = 0

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self._clients.append(writer)
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._port)

        async def ask() -> None:
            while found := await reader.read(65_536):
                to_server.write(found)
            to_server.close()

        asking = asyncio.create_task(ask())
        while found := await from_server.read(65_536):
            writer.write(found)
        self.said_to_end += 1
        await asking
        self.open -= 1

    async def close(self) -> None:
        for client in self._clients:
            client.close()
        await until(lambda: self.open == 0)


@asynccontextmanager
async def behind(databases: Databases) -> AsyncIterator[tuple[HalfClosing, Database]]:
    between = HalfClosing(databases.server.port)
    server = await asyncio.start_server(between.forward, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    database = Database(databases.url("posts_app").replace(f":{databases.server.port}/", f":{port}/"), size=1)
    try:
        yield between, database
    finally:
        await between.close()
        await database.close()
        server.close()


async def test_read_on_a_connection_that_is_being_ended(databases: Databases) -> None:
    async with behind(databases) as (between, database):
        assert await database.reads.fetch_row(BACKEND) is not None
        await kill_connections(databases)
        await until(lambda: between.said_to_end == 1)
        with pytest.raises(DatabaseUnavailable):
            await database.reads.fetch_row(BACKEND)
        assert await database.reads.fetch_row(BACKEND) is not None


async def test_transaction_on_a_connection_that_is_being_ended(databases: Databases) -> None:
    async with behind(databases) as (between, database):
        async with database.begin() as db:
            await db.execute(text("SELECT 1"))
        await kill_connections(databases)
        await until(lambda: between.said_to_end == 1)
        with pytest.raises(DatabaseUnavailable):
            async with database.begin() as db:
                await db.execute(text("SELECT 1"))
        async with database.begin() as db:
            assert (await db.execute(text("SELECT 1"))).scalar_one() == 1
