"""The periodic jobs that render again what an older renderer has made: one rule for every kind of text."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Generic, Protocol, TypeVar

from posts_service.errors import TooHardToRender
from posts_service.rendering.plain import plain_paragraphs
from posts_service.rendering.renderer import Renderer
from watchword.database.database import Database
from watchword.jobs import Job, JobKind, Jobs

PERIOD: Final = timedelta(minutes=1)
PORTION: Final = 50
"""How many texts one job takes. What is left is done by another one, which begins at once."""


class StoredText(Protocol):
    """A text that has been taken before."""

    @property
    def body(self) -> str: ...


Text = TypeVar("Text", bound=StoredText)


class Texts(Protocol[Text]):
    """The stored texts of one kind."""

    async def list_outdated(self, limit: int) -> Sequence[Text]:
        """At most so many of the texts whose HTML is to be made anew."""

    async def write(self, text: Text, html: str, /) -> None:
        """Store this HTML of a text, unless the text has changed meanwhile."""


class Rerendering(Generic[Text]):
    """Renders stored texts until none is outdated. The version of what they belong to stays as it is."""

    def __init__(self, database: Database, jobs: Jobs, renderer: Renderer, texts: Texts[Text]) -> None:
        self._database = database
        self._jobs = jobs
        self._renderer = renderer
        self._texts = texts

    def job_kind(self) -> JobKind:
        return JobKind(self.run, every=PERIOD)

    async def run(self, job: Job) -> None:
        """Render a portion of the texts. Raises RenderingBusy: then the job is tried again."""
        portion = await self._texts.list_outdated(PORTION)
        for text in portion:
            await self._texts.write(text, await self._html_of(text.body, job))
        if len(portion) == PORTION:
            async with self._database.begin() as db:
                await self._jobs.enqueue(db, job.kind, {}, key=job.key)

    async def _html_of(self, body: str, job: Job) -> str:
        try:
            return await self._renderer.render(body, owner=job.kind)
        except TooHardToRender:
            # The text was taken before there was a bound, or by a renderer that found it easier.
            return plain_paragraphs(body)
