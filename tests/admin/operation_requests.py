"""Requests about streams and jobs."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import text

from tests.admin.prepared import WHATEVER_IS_THERE, Prepare, Prepared, nothing
from tests.identity.receivers import receiver_with_stream
from tests.support.services import Identity

DEAD = text("""
    INSERT INTO identity.jobs (kind, payload, attempts, dead_at, last_error)
    VALUES ('unknown', '{"secret": "of a letter"}', 3, now(), 'ValueError: no') RETURNING id
""")


async def present_stream(identity: Identity) -> Prepared:
    async with identity.parts.database.begin() as db:
        await db.execute(text("DELETE FROM identity.streams"))
    return Prepared(path={"stream_id": (await receiver_with_stream(identity)).stream_id})


async def paused_stream(identity: Identity) -> Prepared:
    path = (await present_stream(identity)).path
    return Prepared(path, WHATEVER_IS_THERE, {"json": {"status": "paused"}})


async def dead_job(identity: Identity) -> Prepared:
    return Prepared(path={"job_id": str(await make_dead_job(identity))})


async def make_dead_job(identity: Identity) -> UUID:
    """Write a dead job, and return its id."""
    async with identity.parts.database.begin() as db:
        return UUID(str((await db.scalars(DEAD)).one()))


OPERATION: Final[Mapping[str, Prepare]] = {
    "GET /admin/jobs": nothing,
    "POST /admin/jobs/{job_id}/retry": dead_job,
    "GET /admin/streams": nothing,
    "GET /admin/streams/{stream_id}": present_stream,
    "PATCH /admin/streams/{stream_id}": paused_stream,
}
