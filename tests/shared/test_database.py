"""The errors of a session: they show no values, and a mistake in a statement is not taken for an outage."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from watchword.database import Database


async def test_values_are_not_shown_with_an_error(database: Database) -> None:
    with pytest.raises(IntegrityError) as error:
        async with database.begin() as db:
            await db.execute(text("INSERT INTO posts.things (id, name) VALUES (DEFAULT, :name)"), {"name": "first"})
    assert "parameters: (" not in str(error.value)


@pytest.mark.parametrize("statement", ["SELECT * FROM posts.nowhere", "SELECT 1/0", "SELEKT", "DROP TABLE posts.posts"])
async def test_mistake_in_a_statement_is_not_the_databases_fault(database: Database, statement: str) -> None:
    with pytest.raises(DBAPIError):
        async with database.begin() as db:
            await db.execute(text(statement))
