"""Reading the audit log. Who may is decided by the guard of each operation."""

from dataclasses import dataclass

from asyncpg import Record

from identity_service.audit.filters import AuditFilter
from identity_service.audit.reading_statements import read_portion
from watchword.database.database import Database
from watchword.http.keyset import cursor_of, id_in


@dataclass(frozen=True, slots=True)
class AuditList:
    """Some entries, and the cursor of the next page: None on the last one. A page may be shorter than others, or empty,
    before the last."""

    entries: list[Record]
    next_cursor: str | None


class AuditReading:
    """The use case of administrators who look something up."""

    def __init__(self, database: Database) -> None:
        self._reads = database.reads

    async def list(self, filters: AuditFilter, cursor: str | None, limit: int) -> AuditList:
        """Entries that the filter selects, the newest first. Raises InvalidCursor."""
        list_name = f"audit {filters}"
        end = filters.end if cursor is None else id_in(list_name, cursor)
        portion = await read_portion(self._reads, filters, filters.first, end, limit, newest_first=True)
        return AuditList(portion.entries, None if portion.last is None else cursor_of(list_name, portion.last.bytes))
