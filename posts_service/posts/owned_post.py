"""A post, as far as the rules need it that say who may do what."""

from typing import NamedTuple
from uuid import UUID

from posts_service.posts.models import State


class OwnedPost(NamedTuple):
    id: UUID
    author_id: UUID
    state: str

    def is_by(self, subject: str) -> bool:
        return str(self.author_id) == subject

    def is_published(self) -> bool:
        return self.state == State.PUBLISHED

    def is_unpublished(self) -> bool:
        return self.state == State.UNPUBLISHED
