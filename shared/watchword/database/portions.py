"""Deleting many rows: a portion at a time, each in a short transaction of its own, so that nobody waits for it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    ColumnExpressionArgument,
    CursorResult,
    Select,
    Table,
    delete,
    func,
    literal_column,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase

from watchword.database.database import Database

PORTION: Final = 5_000
"""How many rows one statement deletes. It takes about ten milliseconds, far below the time limit of a statement."""

PLACE: Final[ColumnElement[Any]] = literal_column("ctid").label("place")
"""The physical place of a row (PostgreSQL's `ctid`), in a SELECT from its table."""


async def delete_portion(
    db: AsyncSession,
    table: type[DeclarativeBase] | Table,
    *conditions: ColumnElement[bool],
    order_by: Sequence[ColumnExpressionArgument[Any]] = (),
    limit: int = PORTION,
) -> int:
    """Delete at most `limit` of the rows that meet the conditions, the first in this order; return how many.

    Rows that another transaction holds are left out. An index for the conditions and the order makes each call cheap.
    If there is none, leave the order out: the table would be read and sorted whole for each portion.
    """
    rows = select(PLACE).select_from(table).where(*conditions).order_by(*order_by).limit(limit)
    return await delete_places(db, table, rows.with_for_update(skip_locked=True))


async def delete_places(db: AsyncSession, table: type[DeclarativeBase] | Table, places: Select[Any]) -> int:
    """Delete the rows at these places, which the statement selects and locks; return how many."""
    # As an array, so that PostgreSQL goes to each row by its place, and does not read the table to compare places.
    statement = delete(table).where(literal_column("ctid") == func.any(func.array(places.scalar_subquery())))
    result = await db.execute(statement, execution_options={"synchronize_session": False})
    assert isinstance(result, CursorResult)  # noqa: S101 - a DELETE has no other
    return result.rowcount


async def delete_in_portions(
    database: Database, delete_some: Callable[[AsyncSession], Awaitable[int]], portion: int = PORTION
) -> int:
    """Call `delete_some`, each time in its own transaction, until it deletes less than a portion; return how many."""
    total = 0
    while True:
        async with database.begin() as db:
            deleted = await delete_some(db)
        total += deleted
        if deleted < portion:
            return total
