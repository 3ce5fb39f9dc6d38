"""A post as it is read: one small immutable object, and its JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

import orjson
from asyncpg import Record

from posts_service.posts.models import Post, State

# asyncpg has a UUID of its own, which orjson does not take for one: `default` writes it out.
_OPTIONS: Final = orjson.OPT_UTC_Z


@dataclass(frozen=True, slots=True)
class PostView:
    """What `PostRead` promises, straight from a row; the law and the entity tag are asked of it.

    Its members stand in the order of the columns that `repository` selects.
    """

    id: UUID
    title: str
    body: str
    state: str
    author_id: UUID
    username: str
    version: int
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None

    @classmethod
    def of(cls, row: Record) -> "PostView":
        return cls(*row)

    @classmethod
    def of_post(cls, post: Post) -> "PostView":
        return cls(
            id=post.id,
            title=post.title,
            body=post.body,
            state=post.state,
            author_id=post.author_id,
            username=post.author.username,
            version=post.version,
            created_at=post.created_at,
            updated_at=post.updated_at,
            published_at=post.published_at,
        )

    @property
    def etag(self) -> str:
        """Strong: another version of the post or another name of its author is another tag."""
        return f'"{self.version}-{blake2b(self.username.encode(), digest_size=8).hexdigest()}"'

    def is_by(self, subject: str) -> bool:
        return str(self.author_id) == subject

    def is_published(self) -> bool:
        return self.state == State.PUBLISHED

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "body": self.body,
            "state": self.state,
            "author": {"id": self.author_id, "username": self.username},
            "version": self.version,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "published_at": self.published_at,
        }

    def as_json(self) -> bytes:
        return orjson.dumps(self.as_dict(), default=str, option=_OPTIONS)


def page_as_json(views: Sequence[PostView], following: str | None) -> bytes:
    return orjson.dumps({"items": [view.as_dict() for view in views], "next": following}, default=str, option=_OPTIONS)
