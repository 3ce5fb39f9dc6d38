"""What is sealed in the jobs of letters, waiting and dead."""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.keys.key_encryption import Kind
from identity_service.keys.sealed_rows import SealedRow
from identity_service.letters.enqueueing import LETTER, seal_of


class SealedLetters:
    """The letters in a table of jobs. A job that a worker does meanwhile is not held up: it has read its letter."""

    kind: Final = Kind.LETTER

    def __init__(self, jobs: Table) -> None:
        self._jobs = jobs
        self.ids = jobs.c.id

    async def stale(self, db: AsyncSession, header: bytes, after: UUID, last: UUID) -> Sequence[SealedRow]:
        """The letters in rows behind `after` up to `last` that do not begin with this header, locked."""
        jobs = self._jobs
        # Whole groups of three bytes: the header has a text of its own in Base64.
        prefix = b64encode(header).decode()
        is_stale = func.left(jobs.c.payload["sealed"].astext, len(prefix)) != prefix
        in_portion = (jobs.c.id > after) & (jobs.c.id <= last)
        statement = select(jobs.c.id, jobs.c.payload).where(jobs.c.kind == LETTER, in_portion, is_stale)
        rows = await db.execute(statement.order_by(jobs.c.id).with_for_update(key_share=True))
        return [_sealed_row(job_id, payload) for job_id, payload in rows]

    async def replace(self, db: AsyncSession, sealed: Mapping[UUID, bytes]) -> Any:
        """Put these into the payloads of their jobs."""
        jobs = self._jobs
        payload = jobs.c.payload.concat(bindparam("anew", type_=JSONB))
        statement = update(jobs).where(jobs.c.id == bindparam("row_id")).values(payload=payload)
        parameters = [
            {"row_id": job_id, "anew": {"sealed": b64encode(anew).decode()}} for job_id, anew in sealed.items()
        ]
        await (await db.connection()).execute(statement, parameters)


def _sealed_row(job_id: UUID, payload: dict[str, Any]) -> SealedRow:
    try:
        sealed = b64decode(payload["sealed"])
    except ValueError:
        # Nothing opens it.
        sealed = b""
    return SealedRow(job_id, seal_of(payload["kind"], payload["user_id"]), sealed)
