"""Deleting sign-ons, sessions and refresh tokens: thirty days after they ended or expired, and before their user's
account."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.ending import RETENTION
from identity_service.sessions import repository
from identity_service.sign_ons import repository as sign_ons
from identity_service.sign_ons.models import SignOn
from watchword.database.database import Database
from watchword.database.portions import PORTION, delete_in_portions

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


async def delete_sign_ons_over(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    """Of the sign-ons that ended or expired longer ago than RETENTION, delete a portion: the refresh tokens of their
    sessions first, then these, and when they have none, themselves. A session may seem to last longer than a sign-on
    that expired without a use; nobody can use it."""
    sign_on_ids = await sign_ons.ids_over(db, now - RETENTION, PORTION)
    session_ids = await repository.ids_of_sign_ons(db, sign_on_ids, SESSIONS_AT_ONCE)
    if not session_ids:
        return {"sign_ons": await repository.delete_sign_ons(db, SignOn.id.in_(sign_on_ids))}
    tokens = await repository.delete_tokens_of(db, session_ids)
    return (
        {"refresh_tokens": tokens} if tokens else {"sessions": await repository.delete_without_tokens(db, session_ids)}
    )


async def delete_unusable_of(database: Database, user_id: UUID, now: datetime) -> None:
    """Delete the refresh tokens of this user that cannot be traded in, the sessions that have no other, and the
    sign-ons that are over and have no session.

    What is left is little, and is deleted with the user's account in one transaction. If that fails, the sessions go
    on; only the replay of a token that was deleted is refused without ending its session.
    """
    after = UUID(int=0)
    while True:
        async with database.begin() as db:
            ids = await repository.ids_of_user(db, user_id, after, SESSIONS_AT_ONCE)
        if not ids:
            break
        await _delete_unusable(database, ids, now)
        after = ids[-1]
    is_over = SignOn.user_id == user_id, or_(SignOn.ended_at.is_not(None), SignOn.expires_at <= now)
    await delete_in_portions(database, lambda db: repository.delete_sign_ons(db, *is_over))


async def _delete_unusable(database: Database, session_ids: Sequence[UUID], now: datetime) -> None:
    await delete_in_portions(database, lambda db: repository.delete_tokens_of(db, session_ids, now))
    async with database.begin() as db:
        await repository.delete_without_tokens(db, session_ids, live_at=now)
