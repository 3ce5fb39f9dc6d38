"""What moderators read. Who may is decided by the guard of each operation."""

from dataclasses import dataclass
from uuid import UUID

from asyncpg import Record

from posts_service.keyset import cursor_of, id_in
from posts_service.moderation import queue
from posts_service.moderation.models import ReportState
from posts_service.moderation.queue import ActionFilter
from posts_service.posts.policy import may_see_unpublished
from watchword.auth import Principal
from watchword.database.database import Database

_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Page:
    """At most `limit` rows, and where the next page begins: None on the last one."""

    rows: list[Record]
    next: str | None

    @classmethod
    def of(cls, rows: list[Record], limit: int, list_name: str) -> "Page":
        """A page of rows of which one more than `limit` means that there is a next page."""
        page = rows[:limit]
        return cls(page, cursor_of(list_name, page[-1]["id"].bytes) if len(rows) > limit else None)


class ModerationReading:
    """The use cases of moderators who read."""

    def __init__(self, database: Database) -> None:
        self._reads = database.reads

    async def list_reports(self, moderator: Principal, state: ReportState, cursor: str | None, limit: int) -> Page:
        """The queue, or what has been decided: the oldest first. Raises InvalidCursor."""
        list_name = f"reports {state}"
        after = _FIRST if cursor is None else id_in(list_name, cursor)
        sees_unpublished = may_see_unpublished(moderator)
        rows = await queue.list_reports(self._reads, state, after, limit + 1, sees_unpublished=sees_unpublished)
        return Page.of(rows, limit, list_name)

    async def list_actions(self, filters: ActionFilter, cursor: str | None, limit: int) -> Page:
        """What moderators did, the newest first. Raises InvalidCursor."""
        list_name = f"actions {filters.post_id} {filters.actor_id}"
        before = _LAST if cursor is None else id_in(list_name, cursor)
        return Page.of(await queue.list_actions(self._reads, filters, before, limit + 1), limit, list_name)
