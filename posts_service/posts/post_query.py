"""Which posts a list has, and in which order."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from posts_service.posts.models import State


class Sort(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"
    MOST_LIKED = "most_liked"


@dataclass(frozen=True, slots=True)
class PostQuery:
    """The posts in this state, of one author or with one tag if these are given."""

    author_id: UUID | None = None
    tag: str | None = None
    state: State = State.PUBLISHED
    sort: Sort = Sort.NEWEST

    @property
    def filters(self) -> Mapping[str, Any]:
        """What the posts have in common beside their state, by name."""
        values = {"author_id": self.author_id, "tag": self.tag}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def list_name(self) -> str:
        """What tells this list from every other."""
        return f"{self.state} {self.sort} {self.author_id} {self.tag}"
