"""A real PostgreSQL for the tests, built by the migrations, with the roles of production."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from deploy.local.postgres import EmbeddedPostgres, prepare_database
from identity_service import parts as identity
from posts_service import parts as posts

DATABASE = "watchword"
ROLES = ("identity_owner", "identity_app", "posts_owner", "posts_app")


@dataclass(frozen=True)
class Databases:
    """One server; `url` gives each role's way in."""

    server: EmbeddedPostgres
    passwords: dict[str, str]

    def url(self, role: str) -> str:
        return f"postgresql://{role}:{self.passwords[role]}@127.0.0.1:{self.server.port}/{DATABASE}"

    async def empty(self, schema: str, *kept: str) -> None:
        """Take every row out of every table of this schema but the version's and those named."""
        connection = await asyncpg.connect(self.url(f"{schema}_owner"))
        try:
            rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", schema)
            names = {row["tablename"] for row in rows} - {"alembic_version", *kept}
            await connection.execute("TRUNCATE " + ", ".join(f"{schema}.{name}" for name in sorted(names)))
        finally:
            await connection.close()

    async def fetch(self, role: str, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Run one statement on a connection of its own."""
        connection = await asyncpg.connect(self.url(role))
        try:
            return await connection.fetch(sql, *arguments)
        finally:
            await connection.close()


@contextmanager
def migrated(home: Path, *, durable: bool = False) -> Iterator[Databases]:
    """A server with both schemas at head; it ends with the block."""
    passwords = {role: secrets.token_hex(8) for role in ROLES}
    with EmbeddedPostgres(home, durable=durable) as server:
        # Cheap to check, as the users' passwords are here: every test opens several connections.
        server.psql("postgres", "ALTER ROLE postgres SET scram_iterations = 1")
        prepare_database(server, DATABASE, passwords)
        databases = Databases(server, passwords)
        identity.MIGRATIONS.upgrade(databases.url("identity_owner"))
        posts.MIGRATIONS.upgrade(databases.url("posts_owner"))
        yield databases
