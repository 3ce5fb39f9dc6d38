"""The commands for jobs: jobs, retry-job."""

import argparse
from typing import Final

from identity_service.parts import Parts
from watchword.errors import AppError, Invalid
from watchword.ids import parse_uuid
from watchword.jobs import JobRecord

MAX_LINES: Final = 200


async def list_jobs(parts: Parts, _: argparse.Namespace) -> str:
    records = await parts.job_records.list(MAX_LINES)
    lines = [_line(record) for record in records]
    if len(records) == MAX_LINES:
        lines.append(f"These are the first {MAX_LINES}.")
    return "\n".join(lines) or "There are no jobs."


async def retry_job(parts: Parts, options: argparse.Namespace) -> str:
    if options.all == (options.id is not None):
        raise Invalid(advice="name the id of one dead job, or --all")
    if options.id is not None:
        job_id = parse_uuid(options.id)
        if job_id is None:
            raise Invalid(advice=f"{options.id} is not the id of a job; the command jobs lists them")
        await parts.job_records.retry(job_id)
        return f"{job_id} runs again."
    return await _retry_all(parts)


def add_retry_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("id", nargs="?", help="the id of a dead job, as the command jobs shows it")
    command.add_argument("--all", action="store_true", help="every dead job")


async def _retry_all(parts: Parts) -> str:
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
