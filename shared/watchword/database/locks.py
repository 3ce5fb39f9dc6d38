"""Advisory locks of PostgreSQL, each named by a text.

All of them use one key, `hashtextextended(name, 0)`, so that two places that mean the same lock take the same lock.
"""

from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncSession

_KEY: Final = "hashtextextended({name}, 0)"


async def lock(db: AsyncSession, name: str) -> None:
    """Wait for the lock and hold it until the transaction ends."""
    await db.execute(text(f"SELECT pg_advisory_xact_lock({_KEY.format(name=':name')})"), {"name": name})


async def lock_shared(db: AsyncSession, name: str) -> None:
    """Hold the lock together with others that hold it shared, until the transaction ends; `lock` waits for them all."""
    await db.execute(text(f"SELECT pg_advisory_xact_lock_shared({_KEY.format(name=':name')})"), {"name": name})


def try_lock_connection(connection: Connection, name: str) -> bool:
    """Take the lock for the life of a synchronous SQLAlchemy connection; False if another connection holds it."""
    statement = text(f"SELECT pg_try_advisory_lock({_KEY.format(name=':name')})")
    return bool(connection.scalar(statement, {"name": name}))
