"""Advisory locks of PostgreSQL, each named by a text.

All of them use one key, `hashtextextended(name, 0)`, so that two places that mean the same lock take the same lock.
"""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import ARRAY, Connection, Select, String, bindparam, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from watchword.database.statements import Statement
from watchword.database.writes import WriteTransaction

_KEY: Final = func.hashtextextended(bindparam("name", type_=String()), literal_column("0"))
_LOCK: Final = select(func.pg_advisory_xact_lock(_KEY))
_LOCK_SHARED: Final = select(func.pg_advisory_xact_lock_shared(_KEY))
_NAME: Final = func.unnest(bindparam("names", type_=ARRAY(String))).column_valued("name")
_LOCK_EACH: Final = select(func.pg_advisory_xact_lock(func.hashtextextended(_NAME, literal_column("0"))))
_TRY_LOCK_CONNECTION: Final = select(func.pg_try_advisory_lock(_KEY))

_PREPARED: Final = {statement: Statement(statement) for statement in (_LOCK, _LOCK_SHARED)}


async def lock(db: AsyncSession | WriteTransaction, name: str) -> None:
    """Wait for the lock and hold it until the transaction ends."""
    await _execute(db, _LOCK, name)


async def lock_each(db: AsyncSession, names: Collection[str]) -> None:
    """Wait for each of the locks, in the order of their names, and hold them until the transaction ends."""
    await db.execute(_LOCK_EACH, {"names": sorted(set(names))})


async def lock_shared(db: AsyncSession | WriteTransaction, name: str) -> None:
    """Hold the lock together with others that hold it shared, until the transaction ends; `lock` waits for them all."""
    await _execute(db, _LOCK_SHARED, name)


def try_lock_connection(connection: Connection, name: str) -> bool:
    """Take the lock for the life of a synchronous SQLAlchemy connection; False if another connection holds it."""
    return bool(connection.scalar(_TRY_LOCK_CONNECTION, {"name": name}))


async def _execute(db: AsyncSession | WriteTransaction, statement: Select[Any], name: str) -> None:
    if isinstance(db, WriteTransaction):
        await db.execute(_PREPARED[statement], name=name)
    else:
        await db.execute(statement, {"name": name})
