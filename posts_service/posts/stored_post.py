"""A post whose row is locked, with what is stored of it and not shown."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from posts_service.posts.publication import Publication
from posts_service.posts.view import PostView


class StoredPost(NamedTuple):
    """`first_published_at` is the column `published_at`: for a scheduled draft, the view has `publish_at` there."""

    view: PostView
    publish_at: datetime | None
    first_published_at: datetime | None
    has_own_summary: bool
    derived_version: int
    editor_id: UUID | None

    @property
    def publication(self) -> Publication:
        return Publication(self.view.state, self.publish_at, self.first_published_at)

    @property
    def is_derived(self) -> bool:
        """Whether what is made from a post has been made from this version."""
        return self.derived_version == self.view.version
