"""Rendering for a service that answers requests at the same time."""

import asyncio
from collections.abc import Callable, Hashable
from time import perf_counter
from typing import Final

from posts_service.errors import RenderingBusy, TooHardToRender
from posts_service.rendering.lane import Lane
from posts_service.rendering.plain import is_plain, plain_paragraphs
from watchword.tally import Tally

# Characters up to which a text is short: most are, and none of these waits for one that is longer.
SHORT: Final = 4_096
SHORT_CPU_SECONDS: Final = 0.5
LONG_CPU_SECONDS: Final = 2.0
SHORT_PLACES: Final = 256
LONG_PLACES: Final = 64


class Renderer:
    """Renders Markdown in processes of its own, so that no text keeps the event loop busy.

    Short texts and long ones have a process each, which is started when it is first needed. Within each, the owners of
    texts are served in turn. Text without markup needs no process.
    """

    def __init__(
        self, *, short_cpu_seconds: float = SHORT_CPU_SECONDS, long_cpu_seconds: float = LONG_CPU_SECONDS
    ) -> None:
        self.short = Lane(cpu_seconds=short_cpu_seconds, places=SHORT_PLACES)
        self.long = Lane(cpu_seconds=long_cpu_seconds, places=LONG_PLACES)
        self.outcomes = Tally("rendered", "plain", "too_hard", "busy")
        self.observe_seconds: Callable[[float], None] = lambda _: None
        """Called with the time that a text waited and was rendered."""

    @property
    def waiting(self) -> int:
        """How many texts wait for a process."""
        return len(self.short) + len(self.long)

    async def render(self, markdown: str, *, owner: Hashable = None) -> str:
        """The text as safe HTML (see markdown.render).

        Raises TooHardToRender if that takes too much CPU time, and RenderingBusy if too many texts wait. A person
        who writes many at once neither makes others wait nor takes every place, if `owner` says whose text it is.
        """
        if is_plain(markdown):
            self.outcomes["plain"] += 1
            return plain_paragraphs(markdown)
        started = perf_counter()
        try:
            html = await (self.short if len(markdown) <= SHORT else self.long).render(markdown, owner)
        except TooHardToRender:
            self.outcomes["too_hard"] += 1
            raise
        except RenderingBusy:
            self.outcomes["busy"] += 1
            raise
        self.outcomes["rendered"] += 1
        self.observe_seconds(perf_counter() - started)
        return html

    async def close(self) -> None:
        """End the processes. What is rendered now, and later, is refused with RenderingBusy."""
        await asyncio.gather(self.short.close(), self.long.close())
