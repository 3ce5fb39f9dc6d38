"""A comment as it is read: one small immutable object, and its JSON."""

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from asyncpg import Record

from posts_service.posts.view import as_json
from watchword.http.paging import Page


class CommentView(NamedTuple):
    """A comment with its author's name. A placeholder has neither author nor text, and `removed_at`."""

    id: UUID
    post_id: UUID
    thread_id: UUID
    parent_id: UUID | None
    depth: int
    author_id: UUID | None
    username: str | None
    body: str | None
    html: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    removed_at: datetime | None = None

    @classmethod
    def of(cls, row: Record) -> "CommentView":
        """The view of a row whose first columns are the fields, in their order."""
        return cls._make(row[:_WIDTH])

    @property
    def etag(self) -> str:
        """A strong entity tag for changes of the comment, which a reader can make of its version."""
        return f'"{self.version}"'

    @property
    def is_removed(self) -> bool:
        return self.removed_at is not None

    def is_by(self, subject: str) -> bool:
        return str(self.author_id) == subject

    def as_dict(self) -> dict[str, Any]:
        """The members of `CommentRead`, not yet JSON."""
        author = None if self.author_id is None else {"id": str(self.author_id), "username": self.username}
        # asyncpg has a UUID of its own. orjson would call back for each, which takes several times as long as `str`.
        return {
            "id": str(self.id),
            "post_id": str(self.post_id),
            "parent_id": None if self.parent_id is None else str(self.parent_id),
            "author": author,
            "body": self.body,
            "html": self.html,
            "is_removed": self.is_removed,
            "version": self.version,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }

    def as_json(self) -> bytes:
        return as_json(self.as_dict())


_WIDTH: Final = len(CommentView._fields)


def page_as_json(page: Page[CommentView]) -> bytes:
    return as_json({"items": [view.as_dict() for view in page.items], "next": page.next_cursor})
