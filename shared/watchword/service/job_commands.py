"""The group of commands about jobs: list, retry."""

from collections.abc import Awaitable, Callable
from typing import Annotated, NamedTuple, TypeVar
from uuid import UUID

import typer
from pydantic import BaseModel

from watchword.errors import AppError
from watchword.jobs import JobRecords
from watchword.jobs.listing import JobList, JobState
from watchword.jobs.schemas import JobPageRead, JobRead
from watchword.service.command_options import Cursor, Limit
from watchword.service.commands import Answer, CommandGroup, Opener, WrongUsage, page_answer

AnyParts = TypeVar("AnyParts")


class JobUse(NamedTuple):
    """What the commands do with the jobs of a service. `retry` raises NoDeadJob and KeyTaken."""

    list: JobList
    records: JobRecords
    retry: Callable[[UUID], Awaitable[None]]


class RetriedJobs(BaseModel):
    """Jobs that run again, and why others do not, by their ids."""

    retried: list[UUID]
    refused: dict[UUID, str]


def job_group(open_parts: Opener[AnyParts], use: Callable[[AnyParts], JobUse]) -> CommandGroup[AnyParts]:
    """The group. `use` finds among the parts of a service what it needs."""
    group = CommandGroup("jobs", "The work that follows changes: what waits, runs or has failed.", open_parts)

    @group.verb("list")
    async def list_jobs(
        parts: AnyParts,
        *,
        state: Annotated[
            JobState, typer.Option(help="Only jobs in this state; a dead one was given up.")
        ] = JobState.DEAD,
        kind: Annotated[str | None, typer.Option(help="Only jobs of this kind.")] = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Answer:
        """List the jobs in one state, the newest first."""
        page = JobPageRead.of(await use(parts).list.page(state, kind, cursor, limit))
        return page_answer(page, [_line(job) for job in page.items], f"There are no jobs that are {state}.")

    @group.verb("retry")
    async def retry_jobs(
        parts: AnyParts,
        job_id: Annotated[UUID | None, typer.Argument(metavar="ID", help="The id of a dead job.")] = None,
        *,
        every: Annotated[bool, typer.Option("--all", help="Every dead job.")] = False,
    ) -> Answer:
        """Have a dead job run again at once."""
        if every == (job_id is not None):
            raise WrongUsage("name the id of one dead job, or --all")
        if job_id is not None:
            await use(parts).retry(job_id)
            return Answer(f"{job_id} runs again.", RetriedJobs(retried=[job_id], refused={}))
        return await _retry_all(use(parts))

    return group


async def _retry_all(use: JobUse) -> Answer:
    jobs = RetriedJobs(retried=[], refused={})
    for job_id in await use.records.dead_ids():
        try:
            await use.retry(job_id)
            jobs.retried.append(job_id)
        except AppError as error:
            jobs.refused[job_id] = error.detail
    lines = [f"{job_id} stays: {reason}" for job_id, reason in jobs.refused.items()]
    text = "\n".join([*lines, f"Jobs that run again: {len(jobs.retried)}."])
    return Answer(text, jobs, status=1 if jobs.refused else 0)


def _line(job: JobRead) -> str:
    """One line of the list; the time is in UTC."""
    error = f"  {job.last_error}" if job.last_error else ""
    counts = f"attempts {job.attempts}  losses {job.losses}"
    return f"{job.id}  {job.kind}  {job.state} {job.at:%Y-%m-%d %H:%M:%S}  {counts}{error}"
