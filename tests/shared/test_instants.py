"""Instants on the read path and the write path: what asyncpg gives and takes by itself."""

from datetime import UTC, datetime, timedelta, timezone

import asyncpg
import pytest
from sqlalchemy import DateTime, bindparam, func, literal_column, select

from tests.support.databases import Databases, connected
from watchword.database import Database, Statement

INSTANTS = (
    "'2026-01-02 03:04:05.678901+00', '1999-12-31 23:59:59.999999+05:30', '0001-01-01 00:00+00',"
    " '9999-12-31 23:59:59.999999+00', 'infinity', '-infinity'"
)
EACH = f"unnest(ARRAY[{INSTANTS}]::timestamptz[])"
IN_ORDER = Statement(select(literal_column(EACH, DateTime(timezone=True)).label("at")))
ECHO = Statement(select(bindparam("at", type_=DateTime(timezone=True)).label("at")))

IS_INFINITE = Statement(select((~func.isfinite(bindparam("at", type_=DateTime(timezone=True)))).label("is_infinite")))


async def test_instants_are_decoded_as_asyncpg_decodes_them(database: Database, databases: Databases) -> None:
    async with connected(databases.url("posts_app")) as plain:
        # It gives those without an end, which are the last two, without an offset.
        expected = [row["at"].replace(tzinfo=UTC) for row in await plain.fetch(IN_ORDER.sql)]
    for _ in range(2):
        decoded = [row["at"] for row in await database.reads.fetch_rows(IN_ORDER)]
        assert decoded == expected
        assert all(instant.tzinfo is UTC for instant in decoded)


async def test_an_instant_of_any_offset_is_given_and_taken_to_the_microsecond(database: Database) -> None:
    for offset in (-11.5, 0, 14):
        instant = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=offset)))
        row = await database.reads.fetch_row(ECHO, at=instant)
        assert row is not None
        assert row["at"] == instant
    row = await database.reads.fetch_row(ECHO, at=None)
    assert row is not None
    assert row["at"] is None


async def test_an_instant_without_an_end_is_given_as_it_was_taken(database: Database) -> None:
    for instant in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        row = await database.reads.fetch_row(IS_INFINITE, at=instant)
        assert row is not None
        assert row["is_infinite"]


async def test_an_instant_without_an_offset_is_refused(database: Database) -> None:
    with pytest.raises(asyncpg.DataError):
        await database.reads.fetch_row(ECHO, at=datetime(2026, 1, 2))  # noqa: DTZ001 - that is the fault
