"""The commands about jobs of posts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from posts_service.parts import MIGRATIONS, Parts, assemble
from posts_service.settings import Settings
from watchword.service import load
from watchword.service.commands import usable
from watchword.service.job_commands import JobUse, job_group


@asynccontextmanager
async def open_parts() -> AsyncIterator[Parts]:
    """The parts of posts, for one command."""
    parts = assemble(load(Settings))
    async with usable(parts, MIGRATIONS):
        yield parts


def _use(parts: Parts) -> JobUse:
    return JobUse(parts.job_list, parts.job_records, parts.job_records.retry)


JOBS = job_group(open_parts, _use)
