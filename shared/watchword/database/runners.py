"""One interface for both ways into the database: code that takes it runs statements in a transaction of either."""

from collections.abc import Iterable
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from watchword.database.statements import Statement


class StatementRunner(Protocol):
    """What a `WriteTransaction` and a `SessionRunner` have in common."""

    async def fetch_row(self, statement: Statement, **values: Any) -> Iterable[Any] | None:
        """The first row, or None."""


class SessionRunner:
    """Runs statements in the transaction of a session of SQLAlchemy. They are not held prepared there, so this is for
    the rare case of a use case that is hot otherwise."""

    def __init__(self, db: AsyncSession) -> None:
        self._db = db

    async def fetch_row(self, statement: Statement, **values: Any) -> Iterable[Any] | None:
        """The first row, or None. Raises TypeError if `values` do not fit the statement."""
        statement.arguments(values)
        return (await self._db.execute(statement.source, values)).first()
