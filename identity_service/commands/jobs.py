"""The commands about jobs."""

from functools import partial

from identity_service.commands.opening import open_parts
from identity_service.parts import Parts
from identity_service.recording.cause import BY_COMMAND_LINE
from watchword.service.job_commands import JobUse, job_group


def _use(parts: Parts) -> JobUse:
    retry = partial(parts.admin.job_retries.retry, cause=BY_COMMAND_LINE)
    return JobUse(parts.admin.jobs, parts.job_records, retry)


GROUP = job_group(open_parts, _use)
