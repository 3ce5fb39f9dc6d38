"""Writing a job down, in the transaction of the change that causes it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import DateTime, Select, String, Table, Text, bindparam, case, cast, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningInsert

from watchword.database.statements import Statement
from watchword.database.writes import WriteTransaction
from watchword.jobs.table import waits

MAX_PAYLOAD_BYTES: Final = 65_536
NOTIFICATION: Final = "jobs"


class PayloadRefused(ValueError):
    """The payload of a job is no JSON object, or too large: what is large belongs into a table of its own."""


class Jobs:
    """Writes jobs down in one table, and notifies the service's `channel`, so that a worker begins at the commit."""

    def __init__(self, table: Table, channel: str, notification: str = NOTIFICATION) -> None:
        self.table = table
        self.notification = notification
        self._insert = _insert_into(table)
        self._notify = select(func.pg_notify(channel, notification))
        self._prepared = Statement(self._insert), Statement(self._notify)

    async def enqueue(
        self,
        db: AsyncSession | WriteTransaction,
        kind: str,
        payload: Mapping[str, Any],
        *,
        run_at: datetime | None = None,
        key: str | None = None,
    ) -> UUID:
        """Write a job in the transaction of `db`, to be done after its commit, not before `run_at`. Returns its id.

        If a job with this key waits already, that one stays as it is, runs at the earlier of both times, and cannot
        begin before the commit; its id is returned. A job that has begun does not count: it may have read what was true
        before this change. Raises PayloadRefused.
        """
        values = {
            "job_kind": kind,
            "job_key": key,
            "job_payload": _json(kind, payload),
            "job_run_at": run_at,
        }
        if isinstance(db, WriteTransaction):
            prepared_insert, prepared_notify = self._prepared
            row = await db.fetch_row(prepared_insert, **values)
            assert row is not None  # noqa: S101 - either way of the statement returns a row
            await db.execute(prepared_notify)
            return UUID(str(row["id"]))
        job_id = (await db.scalars(self._insert, values)).one()
        await self.notify(db)
        return UUID(str(job_id))

    async def enqueue_each(self, db: AsyncSession, kind: str, payloads: "Select[tuple[Any]]") -> int:
        """Write a job for each row of the query, in one statement, and return how many. The query's only column is the
        payload, a JSON object of limited size."""
        (payload,) = payloads.subquery("payloads").c
        statement = insert(self.table).from_select(["kind", "payload"], select(literal(kind), payload))
        count = len((await db.scalars(statement.returning(self.table.c.id))).all())
        if count:
            await self.notify(db)
        return count

    async def notify(self, db: AsyncSession) -> None:
        """Wake the workers of every process once this transaction has committed."""
        await db.execute(self._notify)


def _insert_into(table: Table) -> ReturningInsert[Any]:
    statement = insert(table).values(
        kind=bindparam("job_kind", type_=String),
        key=bindparam("job_key", type_=String),
        payload=cast(bindparam("job_payload", type_=Text), JSONB),
        run_at=func.coalesce(bindparam("job_run_at", type_=DateTime(timezone=True)), func.now()),
    )
    # One that has failed keeps its pause. The row is locked also if nothing changes: no worker claims it before the
    # commit, and so it sees this change.
    earlier = func.least(table.c.run_at, statement.excluded.run_at)
    return statement.on_conflict_do_update(
        index_elements=[table.c.key],
        index_where=waits(table),
        set_={"run_at": case((table.c.attempts == 0, earlier), else_=table.c.run_at)},
    ).returning(table.c.id)


def _json(kind: str, payload: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(dict(payload), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise PayloadRefused(f"the payload of a job of the kind {kind} is no JSON object: {error}") from None
    if len(text) > MAX_PAYLOAD_BYTES:
        raise PayloadRefused(
            f"the payload of a job of the kind {kind} has {len(text)} bytes, and may have {MAX_PAYLOAD_BYTES}:"
            " keep what is large in a table, and its id in the job"
        )
    return text
