"""Finding accounts among all of them."""

import unicodedata
from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from asyncpg import Record

from identity_service.accounts.directory_statements import Filters, Walk, list_statement
from identity_service.roles.repository import DEFAULT_ROLE
from identity_service.users.models import AccountState
from watchword.database.database import Database
from watchword.http.keyset import InvalidCursor, cursor_of, id_in, text_in

_LAST_ID: Final = UUID(int=2**128 - 1)


class AccountsPage(NamedTuple):
    """Some accounts of a list, each with its roles, and the cursor of the page behind them; None for the last page. A
    page that is not the last may have fewer accounts than were asked for, and even none."""

    rows: Sequence[Record]
    next_cursor: str | None


class _Stretch(NamedTuple):
    """What was read along one index: rows, each with the cursor behind it, and the cursor behind all that was looked at
    if there may be more."""

    rows: list[tuple[Record, str]]
    edge: str | None = None

    def page(self, limit: int) -> AccountsPage:
        rows = [row for row, _ in self.rows[:limit]]
        return AccountsPage(rows, self.rows[limit - 1][1] if len(self.rows) > limit else self.edge)


class AccountDirectory:
    """Lists of accounts for administrators. Stand-ins are nobody's accounts, and are in no list."""

    def __init__(self, database: Database) -> None:
        self._reads = database.reads

    async def list(self, filters: Filters, cursor: str | None, limit: int) -> AccountsPage:
        """The accounts that the filters select. With a prefix those whose username begins with it, in the order of the
        usernames, and then the others whose address does, in the order of these; else the newest first. Upper and lower
        case are one. Raises InvalidCursor."""
        if filters.prefix is not None:
            filters = filters._replace(prefix=unicodedata.normalize("NFC", filters.prefix))
            return await self._search(filters, cursor, limit)
        walk = _walk(filters)
        after = _LAST_ID if cursor is None else id_in(_name(walk, filters), cursor)
        return (await self._read(walk, filters, after, limit + 1)).page(limit)

    async def _search(self, filters: Filters, cursor: str | None, limit: int) -> AccountsPage:
        walk, after = (Walk.NAMES, "") if cursor is None else _place(filters, cursor)
        stretch = await self._read(walk, filters, after, limit + 1)
        if walk is Walk.NAMES and stretch.edge is None and len(stretch.rows) <= limit:
            others = await self._read(Walk.ADDRESSES, filters, "", limit + 1 - len(stretch.rows))
            stretch = _Stretch([*stretch.rows, *others.rows], others.edge)
        return stretch.page(limit)

    async def _read(self, walk: Walk, filters: Filters, after: UUID | str, count: int) -> _Stretch:
        """At most so many accounts behind `after`."""
        values: dict[str, Any] = {"after": after, "limit": count}
        if filters.prefix is not None:
            values["prefix"] = filters.prefix
        if filters.role is not None:
            values["role"] = filters.role
        statement = list_statement(walk, filters.role is not None, filters.state)
        rows = await self._reads.fetch_rows(statement, **values)
        edge = rows[0]["edge"]
        return _Stretch(
            [(row, _cursor(walk, filters, row["key"])) for row in rows if row["id"] is not None],
            None if edge is None else _cursor(walk, filters, edge),
        )


def _walk(filters: Filters) -> Walk:
    """The index of the filter that leaves fewer accounts. Nearly all have the default role."""
    if filters.role is not None and filters.role != DEFAULT_ROLE:
        return Walk.HOLDERS
    by_state = {AccountState.DISABLED: Walk.DISABLED, AccountState.AWAITING_VERIFICATION: Walk.AWAITING}
    of_all = Walk.NEWEST if filters.role is None else Walk.HOLDERS
    return of_all if filters.state is None else by_state.get(filters.state, of_all)


def _place(filters: Filters, cursor: str) -> tuple[Walk, str]:
    """Where a search goes on. Raises InvalidCursor."""
    try:
        return Walk.NAMES, text_in(_name(Walk.NAMES, filters), cursor)
    except InvalidCursor:
        return Walk.ADDRESSES, text_in(_name(Walk.ADDRESSES, filters), cursor)


def _name(walk: Walk, filters: Filters) -> str:
    return f"accounts {walk} {tuple(filters)}"


def _cursor(walk: Walk, filters: Filters, key: UUID | str) -> str:
    return cursor_of(_name(walk, filters), key.bytes if isinstance(key, UUID) else key.encode())
