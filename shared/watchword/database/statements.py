"""A statement written with SQLAlchemy Core: compiled once at import, run on connections that hold it prepared."""

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Delete, Dialect, Insert, Join, Select, Table, Update
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

_DIALECT: Final[Dialect] = asyncpg_dialect()  # type: ignore[no-untyped-call]


class Statement:
    """A SELECT, INSERT, UPDATE or DELETE, possibly with changes in CTEs, compiled for asyncpg. Its arguments are its
    bound parameters by name; asyncpg takes and returns values as they are, without SQLAlchemy's conversions.

    It is given up after `timeout_seconds`; without, after as long as any statement.
    """

    def __init__(
        self,
        statement: Select[*tuple[Any, ...]] | Insert | Update | Delete,
        *,
        timeout_seconds: float | None = None,
    ) -> None:
        self.timeout_seconds = timeout_seconds
        self.source = statement
        if isinstance(statement, Insert):
            # Otherwise SQLAlchemy adds a RETURNING of the primary key.
            statement = statement.inline()
        compiled = statement.compile(dialect=_DIALECT)
        self.sql = str(compiled)
        self.name = _name(statement, self.sql)
        self._names = tuple(compiled.positiontup or ())
        self._constants = {name: value for name, value in compiled.params.items() if value is not None}
        self._parameters = frozenset(self._names) - self._constants.keys()

    def arguments(self, values: dict[str, Any]) -> Sequence[Any]:
        """The values in the order of the statement. Raises TypeError, naming what is missing or not a parameter."""
        if values.keys() != self._parameters:
            wrong = ", ".join(sorted(values.keys() ^ self._parameters))
            expected = ", ".join(sorted(self._parameters)) or "no arguments"
            raise TypeError(f"{self.name} takes {expected}; missing or unknown: {wrong}")
        constants = self._constants
        return [values[name] if name in values else constants[name] for name in self._names]


def _name(statement: Select[*tuple[Any, ...]] | Insert | Update | Delete, sql: str) -> str:
    """What spans are named after: the verb, and the table that is changed, or the first one that is read."""
    if isinstance(statement, Select):
        # A column may be a query of its own, which comes first in the text.
        source = next(iter(statement.get_final_froms()), None)
        while isinstance(source, Join):
            source = source.left
        name = source.fullname if isinstance(source, Table) else " ".join(re.findall(r"\bFROM ([^\s()]+)", sql)[:1])
        return f"SELECT {name}"
    return f"{statement.__visit_name__.upper()} {statement.table}"
