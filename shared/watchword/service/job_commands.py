"""The commands for jobs of a service: jobs, retry-job."""

import argparse
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from watchword.errors import AppError, Invalid
from watchword.ids import parse_uuid
from watchword.jobs import JobRecord, JobRecords

MAX_LINES: Final = 200


class PartsWithJobs(Protocol):
    """The parts of a service that has jobs."""

    @property
    def job_records(self) -> JobRecords: ...


Command = Callable[[PartsWithJobs, argparse.Namespace], Awaitable[str]]
"""Carries out one command and returns what to print."""


def add_job_commands(add: Callable[[str, str, Command], argparse.ArgumentParser]) -> None:
    """Add both commands by `add`, which takes the name, the description and the command."""
    add("jobs", "List the jobs: the dead ones first, then those that run and those that wait.", list_jobs)
    retry = add("retry-job", "Have a dead job run again.", retry_job)
    retry.add_argument("id", nargs="?", help="the id of a dead job, as the command jobs shows it")
    retry.add_argument("--all", action="store_true", help="every dead job")


async def list_jobs(parts: PartsWithJobs, _: argparse.Namespace) -> str:
    records = await parts.job_records.list(MAX_LINES)
    lines = [_line(record) for record in records]
    if len(records) == MAX_LINES:
        lines.append(f"These are the first {MAX_LINES}.")
    return "\n".join(lines) or "There are no jobs."


async def retry_job(parts: PartsWithJobs, options: argparse.Namespace) -> str:
    if options.all == (options.id is not None):
        raise Invalid(advice="name the id of one dead job, or --all")
    if options.id is not None:
        job_id = parse_uuid(options.id)
        if job_id is None:
            raise Invalid(advice=f"{options.id} is not the id of a job; the command jobs lists them")
        await parts.job_records.retry(job_id)
        return f"{job_id} runs again."
    return await _retry_all(parts)


async def _retry_all(parts: PartsWithJobs) -> str:
    ids = await parts.job_records.dead_ids()
    lines = []
    for job_id in ids:
        try:
            await parts.job_records.retry(job_id)
        except AppError as error:
            lines.append(f"{job_id} stays: {error.detail}")
    return "\n".join([*lines, f"Jobs that run again: {len(ids) - len(lines)}."])


def _line(record: JobRecord) -> str:
    """One line of the list of jobs; the time is in UTC."""
    error = f"  {record.last_error}" if record.last_error else ""
    counts = f"attempts {record.attempts}  losses {record.losses}"
    return f"{record.id}  {record.kind}  {record.state} {record.at:%Y-%m-%d %H:%M:%S}  {counts}{error}"
