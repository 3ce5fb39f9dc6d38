"""A post as it is read: one small immutable object, and its JSON."""

from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from asyncpg import Record
from sqlalchemy import Row

from posts_service.posts.models import State
from posts_service.rendering.plain import plain_paragraphs

_OPTIONS: Final = orjson.OPT_UTC_Z


class PostView(NamedTuple):
    """A post with its author's name: the columns that are read, and the members that `PostRead` promises.

    Each field is a column of the post or, like `username`, one of its author, or what `columns.py` makes of several.
    In a list, `body` is empty, and `html` is None. `renderer` is the version that has made `html`; `liked` is None if
    the reader is no person.
    """

    id: UUID
    slug: str
    title: str
    summary: str
    tags: list[str]
    state: str
    unpublished_reason: str | None
    author_id: UUID
    username: str
    likes: int
    comments: int
    version: int
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    body: str
    html: str | None
    renderer: int
    liked: bool | None = None

    @classmethod
    def of(cls, row: "Record | Row[Any]") -> "PostView":
        """The view of a row whose first columns are the fields, in their order."""
        return cls._make(row if len(row) == _WIDTH else row[:_WIDTH])

    @property
    def etag(self) -> str:
        """A strong entity tag: it changes with everything that is shown."""
        liked = "" if self.liked is None else int(self.liked)
        counted = f"{self.likes}.{self.comments}.{liked}"
        return f'"{self.version}.{self.renderer}.{counted}-{_digest(self.username)}"'

    @property
    def listed_at(self) -> datetime:
        """The instant that lists sort by: the first publication of a published post, the creation of a draft."""
        return self.published_at if self.published_at is not None and self.is_published() else self.created_at

    @property
    def shown_html(self) -> str:
        """The HTML of the body; of one that has not been rendered, its plain paragraphs."""
        return plain_paragraphs(self.body) if self.html is None else self.html

    def is_by(self, subject: str) -> bool:
        return str(self.author_id) == subject

    def is_published(self) -> bool:
        return self.state == State.PUBLISHED

    def is_unpublished(self) -> bool:
        """Whether a moderator has unpublished it."""
        return self.state == State.UNPUBLISHED

    def as_dict(self) -> dict[str, Any]:
        """The members of `PostRead`, not yet JSON."""
        members = self.as_summary()
        members["body"], members["html"] = self.body, self.shown_html
        return members

    def as_summary(self) -> dict[str, Any]:
        """The members of `PostSummary`, not yet JSON."""
        # asyncpg has a UUID of its own. orjson would call back for each, which takes several times as long as `str`.
        members: dict[str, Any] = {
            "id": str(self.id),
            "slug": self.slug,
            "title": self.title,
            "summary": self.summary,
            "tags": self.tags,
            "state": self.state,
            "unpublished_reason": self.unpublished_reason,
            "author": {"id": str(self.author_id), "username": self.username},
            "likes": self.likes,
            "comments": self.comments,
            "version": self.version,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "published_at": self.published_at,
        }
        if self.liked is not None:
            members["liked"] = self.liked
        return members

    def as_json(self) -> bytes:
        return as_json(self.as_dict())


@lru_cache(1_024)
def _digest(username: str) -> str:
    """The part of an entity tag that changes with the name of the author, in hexadecimal."""
    return blake2b(username.encode(), digest_size=8).hexdigest()


_WIDTH: Final = len(PostView._fields)


def as_json(members: dict[str, Any]) -> bytes:
    """The JSON of these members. A value that JSON has no form for, such as a UUID, is written as its text."""
    return orjson.dumps(members, default=str, option=_OPTIONS)
