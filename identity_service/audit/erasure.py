"""Erasing the addresses of a deleted account in the audit log, whose entries stay (decision 54)."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.audit.filters import FIRST
from watchword.database.database import Database
from watchword.jobs import Job, JobKind, Jobs

AUDIT_ERASURE: Final = "audit_erasure"
"""The kind of the jobs that erase."""

AFTER: Final = timedelta(minutes=1)
"""How long after the deletion: the requests of the account that were under way are over, and have written what they
write. `Prefer: wait` lasts ten seconds."""

PORTION: Final = 2_000
"""How many entries one statement walks over. It takes a tenth of a second."""

# The owner's function, since the app role may change no entry: it returns the last one that it has walked over.
_ERASE: Final = select(
    func.identity.erase_audit_addresses(
        bindparam("person", type_=Uuid), bindparam("after_id", type_=Uuid), bindparam("portion", type_=Integer)
    )
)


class AuditErasure:
    """Erases in a job, a portion at a time: an account may have a hundred thousand entries."""

    def __init__(self, database: Database, jobs: Jobs) -> None:
        self._database = database
        self._jobs = jobs

    def job_kind(self) -> JobKind:
        """How the jobs named AUDIT_ERASURE are done."""
        return JobKind(self._run)

    async def enqueue(self, db: AsyncSession, user_id: UUID) -> None:
        """Have the addresses of this account erased after this transaction, which deletes it."""
        run_at = (await db.scalars(select(func.now() + AFTER))).one()
        await self._jobs.enqueue(db, AUDIT_ERASURE, {"user": str(user_id)}, run_at=run_at)

    async def _run(self, job: Job) -> None:
        person, after_id = UUID(job.payload["user"]), FIRST
        while True:
            async with self._database.begin() as db:
                values = {"person": person, "after_id": after_id, "portion": PORTION}
                last_id = (await db.scalars(_ERASE, values)).one()
            if last_id is None:
                return
            after_id = last_id
