"""The tables of sessions and refresh tokens. Locks are taken in the order user, session, refresh token."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.sessions.models import EndReason, RefreshToken, Session
from identity_service.users.models import User
from shared.reads import ReadStatement

LIVE = ReadStatement(
    select(Session.expires_at)
    .join(User, User.id == Session.user_id)
    .where(
        Session.id == bindparam("session_id", type_=Session.id.type),
        Session.user_id == bindparam("user_id", type_=Session.user_id.type),
        Session.ended_at.is_(None),
        User.is_active,
    )
)


@dataclass(frozen=True, slots=True)
class Link:
    """A refresh token with the session it belongs to."""

    session: Session
    token: RefreshToken


async def find_for_rotation(db: AsyncSession, token_id: UUID) -> Link | None:
    """Both rows locked until the transaction ends, as they are once the lock is held."""
    statement = (
        select(Session, RefreshToken)
        .join(RefreshToken, RefreshToken.session_id == Session.id)
        .where(RefreshToken.id == token_id)
        .with_for_update(of=[Session, RefreshToken])
    )
    row = (await db.execute(statement)).one_or_none()
    return Link(*row) if row is not None else None


async def get_token(db: AsyncSession, token_id: UUID) -> RefreshToken:
    return await db.get_one(RefreshToken, token_id)


async def end_others(db: AsyncSession, user_id: UUID, kept: UUID, reason: EndReason, now: datetime) -> None:
    await db.execute(
        update(Session)
        .where(Session.user_id == user_id, Session.id != kept, Session.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
    )
