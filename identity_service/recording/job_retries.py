"""Having dead jobs run again, as administrators do."""

from functools import partial
from uuid import UUID

from identity_service.recording.acts import record_act
from identity_service.recording.cause import Cause
from watchword.jobs import JobRecords


class JobRetries:
    def __init__(self, records: JobRecords) -> None:
        self._records = records

    async def retry(self, job_id: UUID, cause: Cause) -> None:
        """Have a dead job run again, and record it. Raises NoDeadJob, KeyTaken."""
        before, after = {"state": "dead"}, {"state": "waiting"}
        record = partial(record_act, cause=cause, action="job.retried", subject=job_id, before=before, after=after)
        await self._records.retry(job_id, record)
