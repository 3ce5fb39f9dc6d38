"""A real PostgreSQL for the tests, built by the migrations, with the roles of production."""

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from deploy.local.postgres import EmbeddedPostgres, prepare_database
from identity_service import parts as identity
from posts_service import parts as posts
from tests.support.ports import held_port

DATABASE = "watchword"
# The condition for the connections that listen, which also look every few seconds whether the server still answers.
LISTENING = "(query LIKE 'LISTEN%' OR query = 'SELECT 1')"
ROLES = ("identity_owner", "identity_app", "posts_owner", "posts_app")


@dataclass(frozen=True)
class Databases:
    """One server with both schemas; `url` is the address for one role."""

    server: EmbeddedPostgres
    passwords: dict[str, str]

    def url(self, role: str) -> str:
        return f"postgresql://{role}:{self.passwords[role]}@127.0.0.1:{self.server.port}/{DATABASE}"

    async def empty(self, schema: str, *exceptions: str) -> None:
        """End every connection of the schema's app role, and delete all rows of all its tables, except those of Alembic
        and of the tables in `exceptions`."""
        await self.end_connections(f"{schema}_app")
        async with self._connection(f"{schema}_owner") as connection:
            rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", schema)
            names = {row["tablename"] for row in rows} - {"alembic_version", *exceptions}
            await connection.execute("TRUNCATE " + ", ".join(f"{schema}.{name}" for name in sorted(names)))

    async def fetch(self, role: str, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """The rows of one query, run on a connection of its own."""
        async with self._connection(role) as connection:
            return await connection.fetch(sql, *arguments)

    async def fetch_as_superuser(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """The same for what no role of the services sees."""
        connection = await asyncpg.connect(self.server.superuser_url(DATABASE))
        try:
            return await connection.fetch(sql, *arguments)
        finally:
            await connection.close()

    async def execute(self, role: str, sql: str, *arguments: object) -> None:
        """Run one statement that changes something, on a connection of its own."""
        async with self._connection(role) as connection:
            await connection.execute(sql, *arguments)

    async def end_connections(self, role: str, condition: str = "true") -> int:
        """End the connections of this role whose row of pg_stat_activity meets the condition, also those of an earlier
        test that the server has yet to give up. Return how many they were, when all have ended."""
        end = f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = $1 AND {condition}"  # noqa: S608
        return len(await self.fetch_as_superuser(end, role))

    @asynccontextmanager
    async def _connection(self, role: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
        connection = await asyncpg.connect(self.url(role))
        try:
            yield connection
        finally:
            await connection.close()


@contextmanager
def migrated(home: Path, *, durable: bool = False) -> Iterator[Databases]:
    """A server with both schemas at head; it is stopped at the end of the block."""
    passwords = {role: secrets.token_hex(8) for role in ROLES}
    with held_port() as port, EmbeddedPostgres(home, port=port, durable=durable) as server:
        # Every test opens several connections, so their passwords are cheap to check, as those of the users are here.
        server.psql("postgres", "ALTER ROLE postgres SET scram_iterations = 1")
        prepare_database(server, DATABASE, passwords)
        databases = Databases(server, passwords)
        identity.MIGRATIONS.upgrade(databases.url("identity_owner"))
        posts.MIGRATIONS.upgrade(databases.url("posts_owner"))
        yield databases
