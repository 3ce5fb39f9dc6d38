"""A real PostgreSQL for the tests, built by the migrations, with the roles of production."""

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from deploy.local.postgres import EmbeddedPostgres, prepare_database
from identity_service import schema as identity
from posts_service import parts as posts
from tests.support.ports import held_port

DATABASE = "watchword"
# The condition for the connections that listen, which also look every few seconds whether the server still answers.
LISTENING = "(query LIKE 'LISTEN%' OR query = 'SELECT 1')"
END = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = $1"
TABLES = """
    SELECT relname AS name, pg_relation_size(oid) > 65536 AS is_large FROM pg_class
    WHERE relkind = 'r' AND relnamespace = ($1::text)::regnamespace
"""
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
        async with self._superuser() as connection:
            await connection.fetch(END, f"{schema}_app")
            tables = {row["name"]: row["is_large"] for row in await connection.fetch(TABLES, schema)}
            for name in ("alembic_version", *exceptions):
                tables.pop(name, None)
            statements = ["SET session_replication_role = replica"]
            # To truncate a table is to make its files anew, which takes longer than to delete a few rows.
            statements += [f"DELETE FROM {schema}.{name}" for name, is_large in tables.items() if not is_large]  # noqa: S608
            statements += [f"TRUNCATE {schema}.{name} CASCADE" for name, is_large in tables.items() if is_large]
            await connection.execute("; ".join(statements))

    async def fetch(self, role: str, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """The rows of one query, run on a connection of its own."""
        async with self._connection(role) as connection:
            return await connection.fetch(sql, *arguments)

    async def fetch_as_superuser(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """The same for what no role of the services sees."""
        async with self._superuser() as connection:
            return await connection.fetch(sql, *arguments)

    async def execute(self, role: str, sql: str, *arguments: object) -> None:
        """Run one statement that changes something, on a connection of its own."""
        async with self._connection(role) as connection:
            await connection.execute(sql, *arguments)

    async def end_connections(self, role: str, condition: str = "true") -> int:
        """End the connections of this role whose row of pg_stat_activity meets the condition, also those of an earlier
        test that the server has yet to give up. Return how many they were, when all have ended."""
        return len(await self.fetch_as_superuser(f"{END} AND {condition}", role))

    def _connection(self, role: str) -> "AbstractAsyncContextManager[asyncpg.Connection[asyncpg.Record]]":
        return connected(self.url(role))

    def _superuser(self) -> "AbstractAsyncContextManager[asyncpg.Connection[asyncpg.Record]]":
        return connected(self.server.superuser_url(DATABASE))


@asynccontextmanager
async def connected(url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """A connection for as long as the block lasts."""
    connection = await asyncpg.connect(url)
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
