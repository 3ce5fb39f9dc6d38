"""The table of the limits, which is unlogged: after a crash of PostgreSQL it is empty, and writing it costs no WAL."""

from typing import Final

from sqlalchemy import DDL, Column, DateTime, LargeBinary, MetaData, Table, event, func
from sqlalchemy.ext.asyncio import AsyncSession

from watchword.database.database import Database
from watchword.database.portions import delete_in_portions, delete_portion

TABLE: Final = "allowances"


def allowances_table(metadata: MetaData) -> Table:
    """A row for each subject of a limit: a keyed digest, and the instant until which its uses are paid for."""
    table = Table(
        TABLE,
        metadata,
        Column("key", LargeBinary, primary_key=True),
        Column("free_at", DateTime(timezone=True), nullable=False),
        prefixes=["UNLOGGED"],
    )
    # Room in each page, so that a row is updated in place. The oldest SQLAlchemy takes no such option.
    event.listen(table, "after_create", DDL("ALTER TABLE %(fullname)s SET (fillfactor = 70)"))  # type: ignore[no-untyped-call]
    return table


async def delete_unneeded(database: Database, table: Table) -> int:
    """Delete, in portions, the rows whose instant is over: they allow what an absent row allows. Returns how many."""
    return await delete_in_portions(database, lambda db: delete_unneeded_portion(db, table))


async def delete_unneeded_portion(db: AsyncSession, table: Table) -> int:
    """Delete one portion of the rows that are not needed, in the order in which they lie in the table.

    An index of `free_at` would change with every use, and rows could not be updated in place. Of a million rows a
    portion takes 4 ms if all are over, and 80 ms, the table read once, if few are.
    """
    return await delete_portion(db, table, table.c.free_at < func.now())
