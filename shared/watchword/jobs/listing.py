"""Pages of the jobs of a table, for people who look for what went wrong."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from asyncpg import Record
from sqlalchemy import Integer, String, Table, Uuid, and_, bindparam, case, func, or_, select

from watchword.database.database import Database
from watchword.database.statements import Statement
from watchword.http.keyset import cursor_of, id_in
from watchword.jobs.enqueueing import Jobs

MAX_SCANNED: Final = 1_000
"""How many jobs a page looks at for those that it is to have."""

_LAST: Final = UUID(int=2**128 - 1)


class JobState(StrEnum):
    DEAD = "dead"
    RUNNING = "running"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class JobPage:
    """Some jobs, without their payloads, and the cursor of the next page: None on the last. A page may be shorter than
    others, or empty, before the last."""

    rows: list[Record]
    next_cursor: str | None


class JobList:
    def __init__(self, database: Database, jobs: Jobs) -> None:
        self._reads = database.reads
        self._page = Statement(_page_of(jobs.table))

    async def page(self, state: JobState | None, kind: str | None, cursor: str | None, limit: int) -> JobPage:
        """Jobs in this state and of this kind, the one that was made last first. Raises InvalidCursor."""
        list_name = f"jobs {state} {kind}"
        before = _LAST if cursor is None else id_in(list_name, cursor)
        values = {"state": state, "kind": kind, "before_id": before, "scanned": MAX_SCANNED, "limit": limit + 1}
        rows = await self._reads.fetch_rows(self._page, **values)
        matches = [row for row in rows if row["is_match"]][:limit]
        is_last = len(rows) <= limit and not (rows and rows[-1]["place"] == MAX_SCANNED)
        end = matches[-1] if len(rows) > limit else rows[-1] if rows else None
        return JobPage(matches, None if is_last or end is None else cursor_of(list_name, end["id"].bytes))


def _page_of(table: Table) -> Any:
    """A walk along the ids: jobs that meet the conditions, and the last one if the walk has looked at as many as it
    may."""
    state = case(
        (table.c.dead_at.is_not(None), JobState.DEAD),
        (table.c.leased_until.is_not(None), JobState.RUNNING),
        else_=JobState.WAITING,
    )
    scanned = (
        select(
            *(table.c.id, table.c.kind, table.c.attempts, table.c.losses, table.c.last_error, table.c.created_at),
            state.label("state"),
            func.coalesce(table.c.dead_at, table.c.leased_until, table.c.run_at).label("at"),
            func.row_number().over(order_by=table.c.id.desc()).label("place"),
        )
        .where(table.c.id < bindparam("before_id", type_=Uuid()))
        .order_by(table.c.id.desc())
        .limit(bindparam("scanned", type_=Integer()))
        .cte("scanned")
    )
    is_match = and_(*(_is_or_any(scanned.c[name], name) for name in ("state", "kind"))).label("is_match")
    is_end = scanned.c.place == bindparam("scanned", type_=Integer())
    rows = select(scanned, is_match).where(or_(is_match.element, is_end)).order_by(scanned.c.id.desc())
    return rows.limit(bindparam("limit", type_=Integer()))


def _is_or_any(column: Any, name: str) -> Any:
    word = bindparam(name, type_=String())
    return or_(word.is_(None), column == word)
