"""Unpublishing what is somebody else's. To publish it again is a change of the post, with the same permission."""

from uuid import UUID

from posts_service.actions.models import Action
from posts_service.actions.policy import Acts
from posts_service.errors import PostChanged, PostNotPublished
from posts_service.posts import policy
from posts_service.posts.revisions import Revisions
from posts_service.posts.version_columns import unpublished_version
from posts_service.posts.view import PostView
from watchword.auth import Principal
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.http.conditional import Preconditions, version_of


class Unpublishing:
    def __init__(self, database: Database, clock: Clock, revisions: Revisions) -> None:
        self._database = database
        self._clock = clock
        self._revisions = revisions

    async def unpublish(
        self, moderator: Principal, post_id: UUID, reason: str, preconditions: Preconditions
    ) -> PostView:
        """Hide a published post from everybody but its author and those who may unpublish. Raises PostNotFound,
        PostChanged, PostNotPublished. Whether the caller may is decided by the guard."""
        async with self._database.writes.begin() as db:
            post = await self._revisions.lock_for(db, moderator, post_id)
            policy.ensure_can_see(moderator, post.view)
            preconditions.versions().ensure_changeable(version_of(post.view.etag), PostChanged)
            if not post.view.is_published():
                raise PostNotPublished
            columns = unpublished_version(post, reason, self._clock.now())
            acts = Acts([Action.UNPUBLISH], reason)
            return await self._revisions.write_as(db, moderator, post, columns, acts)
