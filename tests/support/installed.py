"""What every installation has: made once in a run, by the product, and copied after that, because it takes a dozen
transactions."""

from typing import Final

from sqlalchemy import text

from identity_service.administration import Administration
from identity_service.parts import Parts

TABLES: Final = ("clients", "services", "service_scopes", "service_permissions")

_rows: dict[tuple[str, str, str], dict[str, str]] = {}
"""The rows of each table as JSON, by the arguments of the installation."""


async def ensure_installed(parts: Parts, posts_audience: str, posts_secret: str) -> None:
    """The clients and services of an installation, whose tables may be empty. A signing key is there already."""
    arguments = parts.settings.issuer, posts_audience, posts_secret
    async with parts.database.begin() as db:
        is_empty = not await db.scalar(text("SELECT EXISTS (SELECT FROM identity.clients)"))
        if is_empty and arguments in _rows:
            for table, rows in _rows[arguments].items():
                values = f"jsonb_populate_recordset(NULL::identity.{table}, CAST(:rows AS jsonb))"
                await db.execute(text(f"INSERT INTO identity.{table} SELECT * FROM {values}"), {"rows": rows})  # noqa: S608
            return
    await Administration(parts).install(posts_audience, posts_secret)
    if is_empty:
        async with parts.database.begin() as db:
            _rows[arguments] = {
                table: await db.scalar(text(f"SELECT jsonb_agg(t)::text FROM identity.{table} t"))  # noqa: S608
                for table in TABLES
            }
