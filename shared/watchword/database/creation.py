"""Making tables at the start of a service that has no migrations, in several processes at once."""

from sqlalchemy import Column, Connection, MetaData, Table, inspect, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.schema import CreateColumn

from watchword.database.database import Database
from watchword.database.locks import lock


async def create_tables(database: Database, metadata: MetaData) -> None:
    """Make every table of `metadata` that is missing. Tables that exist stay as they are.

    Processes that start together take turns: PostgreSQL's `IF NOT EXISTS` alone lets two make the same table, and the
    second fail. Raises DatabaseUnavailable.
    """
    async with database.begin() as db:
        await _take_turns(db, metadata)
        await (await db.connection()).run_sync(metadata.create_all)


async def create_and_extend(database: Database, *tables: Table) -> None:
    """Make those of the tables that are missing, in one schema, and add the columns and indexes that the others lack.

    Such a column may be null or has a default of the server, so that processes of the previous release go on working.
    """
    metadata = tables[0].metadata
    async with database.begin() as db:
        await _take_turns(db, metadata)
        await (await db.connection()).run_sync(_create_and_extend, metadata, tables)


async def _take_turns(db: AsyncSession, metadata: MetaData) -> None:
    await lock(db, f"{metadata.schema or 'public'} tables")


def _create_and_extend(connection: Connection, metadata: MetaData, tables: tuple[Table, ...]) -> None:
    metadata.create_all(connection, tables=tables)
    inspector = inspect(connection)
    for table in tables:
        existing = {column["name"] for column in inspector.get_columns(table.name, table.schema)}
        for column in table.columns:
            if column.name not in existing:
                _add(connection, table, column)
        for index in table.indexes:
            index.create(connection, checkfirst=True)


def _add(connection: Connection, table: Table, column: Column[object]) -> None:
    name = connection.dialect.identifier_preparer.format_table(table)
    definition = CreateColumn(column).compile(dialect=connection.dialect)
    connection.execute(text(f"ALTER TABLE {name} ADD COLUMN {definition}"))
