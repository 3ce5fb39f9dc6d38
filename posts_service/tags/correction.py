"""The periodic job that corrects how many posts each tag has, where that is not what the rows of posts say."""

import logging
from datetime import timedelta
from typing import Final

from posts_service.tags import repository
from watchword.database.database import Database
from watchword.jobs import Job, JobKind, Jobs

logger = logging.getLogger("watchword.tags")

CORRECT_TAGS: Final = "correct_tags"
PERIOD: Final = timedelta(hours=1)

PORTION: Final = 1_000
"""How many tags one job takes at most. Another one, which begins at once, takes those after them."""

MOST_ROWS: Final = 200_000
"""How many rows a job counts before it takes no further tag. They take a quarter of a second at most, and nobody
waits."""


class TagCorrection:
    """Processes of the previous release delete posts without counting their tags out.

    See docs/decisions/0050-counts-of-tags.md for why the counts are right while others publish and delete.
    """

    def __init__(self, database: Database, jobs: Jobs) -> None:
        self._database = database
        self._jobs = jobs

    def job_kind(self) -> JobKind:
        return JobKind(self.run, every=PERIOD)

    async def run(self, job: Job) -> None:
        """Correct the counts of a portion of the tags, in the order of their names."""
        names = await repository.list_names(self._database.reads, job.payload.get("after", ""), PORTION, MOST_ROWS)
        if not names:
            return
        async with self._database.writes.begin() as db:
            corrected = await repository.correct(db, names)
        if corrected:
            logger.info("the counts of %d tags were wrong, and are corrected", corrected)
        after = names[-1]
        async with self._database.begin() as db:
            # A key of its own: a job that begins at the first tag may wait, and would stay as it is.
            await self._jobs.enqueue(db, job.kind, {"after": after}, key=f"{job.kind} after {after}")
