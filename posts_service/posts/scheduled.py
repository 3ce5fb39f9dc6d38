"""Scheduled publications: the job that publishes a draft at its instant."""

from datetime import datetime
from uuid import UUID

from posts_service.errors import PostNotFound
from posts_service.posts import repository
from posts_service.posts.revisions import Revisions
from posts_service.posts.version_columns import scheduled_version
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.jobs import Job


class ScheduledPublications:
    """Each scheduling enqueues a job of its own, which does nothing if the post is scheduled otherwise by then."""

    def __init__(self, database: Database, clock: Clock, revisions: Revisions) -> None:
        self._database = database
        self._clock = clock
        self._revisions = revisions

    async def publish(self, job: Job) -> None:
        """Publish the post of this job, if it is still to be published at the instant of the job."""
        post_id, publish_at = UUID(job.payload["post_id"]), datetime.fromisoformat(job.payload["publish_at"])
        async with self._database.writes.begin() as db:
            try:
                post = await repository.get_for_update(db, post_id)
            except PostNotFound:
                return
            # The job was not due before, by the database's clock. That of this process may be behind.
            if post.publish_at == publish_at:
                await self._revisions.write(db, post, scheduled_version(post, max(self._clock.now(), publish_at)))
