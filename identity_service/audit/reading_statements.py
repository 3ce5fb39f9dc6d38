"""The SQL that reads the audit log: a walk along an index in the order of ids, of a limited number of entries."""

from typing import Any, Final
from uuid import UUID

from asyncpg import Record
from sqlalchemy import ColumnElement, Integer, String, Uuid, and_, bindparam, func, or_, select, tuple_

from identity_service.audit.filters import AuditFilter
from identity_service.audit.models import AuditEntry
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement

MAX_SCANNED: Final = 1_000
"""How many entries one statement looks at for those that meet several conditions."""

_COLUMNS: Final = AuditEntry.__table__.c
_WALKS: Final = ("request_id", "subject", "actor", "action")
"""The columns that have an index, the one with the fewest entries for a value first."""

_FIRST, _END = bindparam("first", type_=Uuid()), bindparam("end", type_=Uuid())
_SCANNED, _LIMIT = bindparam("scanned", type_=Integer()), bindparam("limit", type_=Integer())


def _word(name: str) -> Any:
    return bindparam(name, type_=String())


def _walk(name: str | None, *, newest_first: bool) -> Statement:
    """Entries from `first` to before `end` that meet all conditions, and the last one of a walk that looked at as many
    as it may. `name` is the column whose index is walked along; None is for the index of ids."""
    key = [_COLUMNS.id] if name is None else [_COLUMNS[name], _COLUMNS.id]
    order = [column.desc() if newest_first else column.asc() for column in key]
    entries = select(*_COLUMNS, func.row_number().over(order_by=order).label("place"))
    scanned = entries.where(*_between(name)).order_by(*order).limit(_SCANNED).cte("scanned")
    meets = and_(*(or_(_word(word).is_(None), scanned.c[word] == _word(word)) for word in _WALKS))
    by_id = scanned.c.id.desc() if newest_first else scanned.c.id
    rows = select(scanned, func.coalesce(meets, False).label("is_match"))
    return Statement(rows.where(or_(meets, scanned.c.place == _SCANNED)).order_by(by_id).limit(_LIMIT))


def _between(name: str | None) -> tuple[ColumnElement[bool], ...]:
    if name is None:
        return _COLUMNS.id >= _FIRST, _COLUMNS.id < _END
    # If the word were told by `=`, PostgreSQL could walk along the ids of all entries instead.
    pair = tuple_(_COLUMNS[name], _COLUMNS.id)
    return pair >= tuple_(_word(name), _FIRST), pair < tuple_(_word(name), _END)


# One statement for every filter would have one plan, which uses no index.
NEWEST_FIRST: Final = {name: _walk(name, newest_first=True) for name in (*_WALKS, None)}
OLDEST_FIRST: Final = {name: _walk(name, newest_first=False) for name in (*_WALKS, None)}


class Portion:
    """Some of the entries that a filter selects, `entries`. `last` is the id that the next portion comes behind, None
    if there is none: a portion may be short, even empty, before the end."""

    def __init__(self, rows: list[Record], limit: int, scanned: int) -> None:
        matches = [row for row in rows if row["is_match"]]
        self.entries = matches[:limit]
        self.last: UUID | None = None
        if len(matches) > limit:
            self.last = self.entries[-1]["id"]
        elif rows and rows[-1]["place"] == scanned:
            self.last = rows[-1]["id"]


async def read_portion(
    reads: ReadPool, filters: AuditFilter, first: UUID, end: UUID, limit: int, *, newest_first: bool
) -> Portion:
    """At most so many of the entries that have the words of the filter, from `first` to before `end`."""
    words = filters.words()
    walks = [name for name in _WALKS if words[name] is not None]
    scanned = limit + 1 if len(walks) < 2 else max(MAX_SCANNED, limit + 1)
    statement = (NEWEST_FIRST if newest_first else OLDEST_FIRST)[walks[0] if walks else None]
    values = {**words, "first": first, "end": end, "scanned": scanned, "limit": limit + 1}
    return Portion(await reads.fetch_rows(statement, **values), limit, scanned)
