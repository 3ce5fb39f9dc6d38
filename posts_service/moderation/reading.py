"""What moderators read. Who may is decided by the guard of each operation."""

from uuid import UUID

from asyncpg import Record

from posts_service.errors import ReportNotFound
from posts_service.moderation import reading_statements as statements
from posts_service.moderation.models import ReportState
from posts_service.moderation.reading_statements import ActionFilter
from posts_service.posts.policy import may_unpublish
from watchword.auth import Principal
from watchword.database.database import Database
from watchword.http.keyset import cursor_of, id_in
from watchword.http.paging import Page

_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)


class ModerationReading:
    """The use cases of moderators who read."""

    def __init__(self, database: Database) -> None:
        self._reads = database.reads

    async def list_reports(
        self, moderator: Principal, state: ReportState, cursor: str | None, limit: int
    ) -> Page[Record]:
        """The queue, or what has been decided: the oldest first. Raises InvalidCursor."""
        list_name = f"reports {state}"
        after = _FIRST if cursor is None else id_in(list_name, cursor)
        sees_unpublished = may_unpublish(moderator)
        rows = await statements.list_reports(self._reads, state, after, limit + 1, sees_unpublished=sees_unpublished)
        return _page(rows, limit, list_name)

    async def read_report(self, moderator: Principal, report_id: UUID) -> Record:
        """A report, open or decided. Raises ReportNotFound."""
        row = await statements.find_report(self._reads, report_id, sees_unpublished=may_unpublish(moderator))
        if row is None:
            raise ReportNotFound
        return row

    async def list_actions(self, filters: ActionFilter, cursor: str | None, limit: int) -> Page[Record]:
        """What moderators did, the newest first. Raises InvalidCursor."""
        list_name = f"actions {filters.post_id} {filters.actor_id}"
        before = _LAST if cursor is None else id_in(list_name, cursor)
        return _page(await statements.list_actions(self._reads, filters, before, limit + 1), limit, list_name)


def _page(rows: list[Record], limit: int, list_name: str) -> Page[Record]:
    return Page.of(rows, limit, lambda row: cursor_of(list_name, row["id"].bytes))
