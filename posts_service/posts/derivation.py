"""What is made from posts, made anew by a periodic job: of those that the previous release has written, and of those
whose HTML an older renderer has made."""

from collections.abc import Sequence
from typing import Final

from posts_service.errors import PostNotFound
from posts_service.posts import repository
from posts_service.posts.repository import Underived
from posts_service.posts.revisions import Revisions
from posts_service.posts.version_columns import derived_columns
from watchword.database.database import Database

DERIVE: Final = "derive_posts"


class Derivation:
    """The present version of a post stays as it is, and so do the times of the post."""

    def __init__(self, database: Database, revisions: Revisions) -> None:
        self._database = database
        self._revisions = revisions

    async def list_outdated(self, limit: int) -> Sequence[Underived]:
        """At most so many of the posts of which something is to be made anew."""
        return await repository.list_underived(self._database.reads, limit)

    async def write(self, underived: Underived, html: str) -> None:
        """Make everything anew from a post whose body has this HTML."""
        async with self._database.writes.begin() as db:
            try:
                post = await repository.get_for_update(db, underived.post_id)
            except PostNotFound:
                return
            # The HTML of another version is of another body.
            if post.view.version == underived.version:
                await self._revisions.derive(db, post, derived_columns(post, html))
