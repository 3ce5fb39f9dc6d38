"""What the hourly clean-up deletes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.idempotency import repository as idempotency
from posts_service.tables import ALLOWANCES, JOBS
from posts_service.tags import repository as tags
from watchword.jobs.cleanup import DeletePortion, dead_jobs_of, unneeded_of


async def _delete_idempotency_keys(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    return {"idempotency_keys": await idempotency.delete_expired(db, now)}


async def _delete_unused_tags(db: AsyncSession, _: datetime) -> Mapping[str, int]:
    return {"unused_tags": await tags.delete_unused(db)}


EXPIRED: Final[tuple[DeletePortion, ...]] = (
    _delete_idempotency_keys,
    _delete_unused_tags,
    dead_jobs_of(JOBS),
    unneeded_of(ALLOWANCES),
)
"""What is cleaned up, in this order."""
