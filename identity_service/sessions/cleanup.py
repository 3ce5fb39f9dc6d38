"""Deleting sessions and refresh tokens: thirty days after they ended or expired, and before their user's account."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.ending import RETENTION
from identity_service.sessions import repository
from identity_service.sign_ons import repository as sign_ons
from watchword.database.database import Database
from watchword.database.portions import delete_in_portions

SESSIONS_AT_ONCE: Final = 1_000


async def delete_expired_tokens(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    """Delete a portion of the refresh tokens that expired longer ago than RETENTION."""
    return {"refresh_tokens": await repository.delete_expired_tokens(db, now - RETENTION)}


async def delete_sessions_over(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    """Of the sessions that ended or expired longer ago than RETENTION, delete a portion: their refresh tokens first,
    and when they have none, themselves. Not both in one transaction, which would hold locks of two tables."""
    ids = await repository.ids_over(db, now - RETENTION, SESSIONS_AT_ONCE)
    tokens = await repository.delete_tokens_of(db, ids)
    return {"refresh_tokens": tokens} if tokens else {"sessions": await repository.delete_without_tokens(db, ids)}


async def delete_unusable_of(database: Database, user_id: UUID, now: datetime) -> None:
    """Delete the refresh tokens of this user that cannot be traded in, the sessions that have no other, and the
    sign-ons that are over.

    What is left is little, and is deleted with the user's account in one transaction. If that fails, the sessions go
    on; only the replay of a token that was deleted is refused without ending its session.
    """
    await delete_in_portions(database, lambda db: sign_ons.delete_over_of(db, user_id, now))
    after = UUID(int=0)
    while True:
        async with database.begin() as db:
            ids = await repository.ids_of_user(db, user_id, after, SESSIONS_AT_ONCE)
        if not ids:
            return
        await _delete_unusable(database, ids, now)
        after = ids[-1]


async def _delete_unusable(database: Database, session_ids: Sequence[UUID], now: datetime) -> None:
    await delete_in_portions(database, lambda db: repository.delete_tokens_of(db, session_ids, now))
    async with database.begin() as db:
        await repository.delete_without_tokens(db, session_ids, live_at=now)
