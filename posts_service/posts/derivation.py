"""The periodic job that makes anew what is made from posts: of those that the previous release has written, and of
those whose HTML an older renderer has made."""

from datetime import timedelta
from typing import Final

from posts_service.errors import PostNotFound, TooHardToRender
from posts_service.posts import repository
from posts_service.posts.repository import Underived
from posts_service.posts.revisions import Revisions
from posts_service.posts.version_columns import derived_columns
from posts_service.rendering.plain import plain_paragraphs
from posts_service.rendering.renderer import Renderer
from watchword.database.database import Database
from watchword.jobs import Job, JobKind, Jobs

DERIVE: Final = "derive_posts"
PERIOD: Final = timedelta(minutes=1)
PORTION: Final = 50
"""How many posts one job takes. What is left is done by another one, which begins at once."""


class Derivation:
    """The present version of a post stays as it is, and so do the times of the post."""

    def __init__(self, database: Database, jobs: Jobs, renderer: Renderer, revisions: Revisions) -> None:
        self._database = database
        self._jobs = jobs
        self._renderer = renderer
        self._revisions = revisions

    def job_kind(self) -> JobKind:
        return JobKind(self.run, every=PERIOD)

    async def run(self, job: Job) -> None:
        """Make what is made from a portion of the posts. Raises RenderingBusy: then the job is tried again."""
        portion = await repository.list_underived(self._database.reads, PORTION)
        for post in portion:
            await self._derive(post)
        if len(portion) == PORTION:
            async with self._database.begin() as db:
                await self._jobs.enqueue(db, job.kind, {}, key=job.key)

    async def _derive(self, underived: Underived) -> None:
        try:
            html = await self._renderer.render(underived.body, owner=DERIVE)
        except TooHardToRender:
            # The text was taken before there was a bound.
            html = plain_paragraphs(underived.body)
        async with self._database.writes.begin() as db:
            try:
                post = await repository.get_for_update(db, underived.post_id)
            except PostNotFound:
                return
            # The HTML of another version is of another body.
            if post.view.version == underived.version:
                await self._revisions.derive(db, post, derived_columns(post, html))
