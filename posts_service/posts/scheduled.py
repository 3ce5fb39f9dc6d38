"""Scheduled publications: the job that publishes a draft at its instant, unless its author's account is closed."""

import logging
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from posts_service.authors import repository as authors
from posts_service.errors import PostNotFound
from posts_service.posts import repository
from posts_service.posts.reading_statements import get_owned
from posts_service.posts.revisions import Revisions
from posts_service.posts.version_columns import scheduled_version, unscheduled_version
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.jobs import Job

logger = logging.getLogger("watchword.scheduled")


class ScheduledPublications:
    """Each scheduling enqueues a job of its own, which does nothing if the post is scheduled otherwise by then."""

    def __init__(self, database: Database, clock: Clock, revisions: Revisions) -> None:
        self._database = database
        self._clock = clock
        self._revisions = revisions

    async def publish(self, job: Job) -> None:
        """Publish the post of this job, if it is still to be published at the instant of the job. If the account of its
        author is disabled or purged, the post stays a draft and is not scheduled from then on: nobody but its author,
        once the account is enabled again, decides when it is published."""
        post_id, publish_at = UUID(job.payload["post_id"]), datetime.fromisoformat(job.payload["publish_at"])
        with suppress(PostNotFound):
            await self._publish(post_id, publish_at)

    async def _publish(self, post_id: UUID, publish_at: datetime) -> None:
        author_id = (await get_owned(self._database.reads, post_id)).author_id
        async with self._database.writes.begin() as db:
            is_closed = await authors.is_closed(db, author_id)
            post = await repository.get_for_update(db, post_id)
            if post.publish_at != publish_at:
                return
            columns_of = unscheduled_version if is_closed else scheduled_version
            # The job was not due before, by the database's clock. That of this process may be behind.
            await self._revisions.write(db, post, columns_of(post, max(self._clock.now(), publish_at)))
        if is_closed:
            logger.info("post %s is not published at its instant: the account of its author is closed", post_id)
