"""The audit log as lines of JSON, in portions: no more than one is in memory, and nothing is held in between."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import orjson
from asyncpg import Record

from identity_service.audit import repository
from identity_service.audit.filters import AuditFilter, time_of
from identity_service.audit.reading_statements import read_portion
from identity_service.errors import AuditExportsBusy
from watchword.database.database import Database
from watchword.errors import Forbidden, Unauthenticated
from watchword.ids import parse_uuid

logger = logging.getLogger("identity.audit")

PORTION: Final = 500
"""How many entries are read at a time."""

MAX_PER_PROCESS: Final = 4
"""Each has a portion in memory, and reads the next one when the caller has taken it."""

Ensure = Callable[[], Awaitable[None]]
"""Raises an error unless the session of the caller is live, and they may read the log."""


class AuditExport:
    """The use case of administrators who take the log elsewhere."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._running = 0

    @contextmanager
    def slot(self) -> Iterator[None]:
        """One of the exports that this process does at a time. Raises AuditExportsBusy."""
        if self._running >= MAX_PER_PROCESS:
            raise AuditExportsBusy
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    async def begin(self, actor: str, filters: AuditFilter, ensure_live: Ensure) -> AsyncIterator[bytes]:
        """The lines of an export, up to the entry that records it. What others write meanwhile may be missing.
        `ensure_live` is called for each portion."""
        # Here, so that the caller learns at once if the database cannot be reached.
        async with self._database.begin() as db:
            entry = repository.record(db, actor, "audit.exported", "audit", filters=_recordable(filters))
            await db.flush()  # the id comes from the database
        return self._lines(filters, min(filters.end, entry.id), ensure_live)

    async def _lines(self, filters: AuditFilter, end: UUID, ensure_live: Ensure) -> AsyncIterator[bytes]:
        first: UUID | None = filters.first
        count = 0
        while first is not None:
            try:
                await ensure_live()
            except (Unauthenticated, Forbidden) as error:
                logger.info("an export of the audit log has ended with its session: %s", error.reason)
                return
            portion = await read_portion(self._database.reads, filters, first, end, PORTION, newest_first=False)
            count += len(portion.entries)
            if portion.entries:
                yield b"".join(map(_line, portion.entries))
            first = None if portion.last is None else UUID(int=portion.last.int + 1)
        yield orjson.dumps({"type": "end", "count": count}, option=orjson.OPT_APPEND_NEWLINE)


def _line(row: Record) -> bytes:
    members = {name: row[name] for name in ("actor", "action", "subject", "address", "request_id")}
    entry = {"type": "entry", "id": str(row["id"]), "at": time_of(row["id"]), **members}
    detail = orjson.Fragment(row["detail"])
    return orjson.dumps({**entry, "detail": detail}, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)


def _recordable(filters: AuditFilter) -> dict[str, str | None]:
    """The filter as an entry may hold it. A text that is no id is left out: it may be the name of a person."""
    words = {name: text for name, text in filters.words().items() if text is not None}
    ids = {name: text if parse_uuid(text) is not None else None for name, text in words.items()}
    times = {name: at.isoformat() for name in ("since", "until") if (at := getattr(filters, name)) is not None}
    return {**ids, **times}
