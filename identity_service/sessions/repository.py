"""The tables of sessions and refresh tokens. Rows are locked in the order user, session, refresh token."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Text, bindparam, cast, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.sessions.models import EndReason, RefreshToken, Session
from identity_service.users.models import User
from watchword.database.reads import ReadStatement

LIVE = ReadStatement(
    select(Session.expires_at, User.tokens_valid_from)
    .join(User, User.id == Session.user_id)
    .where(
        Session.id == bindparam("session_id", type_=Session.id.type),
        Session.user_id == bindparam("user_id", type_=Session.user_id.type),
        Session.ended_at.is_(None),
        User.is_active,
    )
)


@dataclass(frozen=True, slots=True)
class TokenWithSession:
    """A refresh token with the session it belongs to."""

    session: Session
    token: RefreshToken


async def find_for_rotation(db: AsyncSession, token_id: UUID) -> TokenWithSession | None:
    """A refresh token and its session, both rows locked until the transaction ends."""
    statement = (
        select(Session, RefreshToken)
        .join(RefreshToken, RefreshToken.session_id == Session.id)
        .where(RefreshToken.id == token_id)
        .with_for_update(of=[Session, RefreshToken])
    )
    row = (await db.execute(statement)).one_or_none()
    return TokenWithSession(*row) if row is not None else None


async def get_token(db: AsyncSession, token_id: UUID) -> RefreshToken:
    return await db.get_one(RefreshToken, token_id)


async def is_unused(db: AsyncSession, token_id: UUID, session_id: UUID) -> bool:
    """Whether this session has this refresh token and it has not been traded in."""
    statement = select(RefreshToken.id).where(
        RefreshToken.id == token_id, RefreshToken.session_id == session_id, RefreshToken.used_at.is_(None)
    )
    return await db.scalar(statement) is not None


async def find_for_update(db: AsyncSession, user_id: UUID, session_id: UUID) -> Session | None:
    """A session of this user, its row locked until the transaction ends; None for another user's session."""
    statement = select(Session).where(Session.id == session_id, Session.user_id == user_id)
    return await db.scalar(statement.with_for_update())


async def list_live(db: AsyncSession, user_id: UUID, now: datetime) -> Sequence[Session]:
    """The sessions of this user that have not ended, the most recently seen first."""
    live = Session.user_id == user_id, Session.ended_at.is_(None), Session.expires_at > now
    return (await db.scalars(select(Session).where(*live).order_by(Session.last_seen_at.desc(), Session.id))).all()


async def end_all(
    db: AsyncSession, user_id: UUID, reason: EndReason, now: datetime, *, except_id: UUID | None = None
) -> Sequence[UUID]:
    """End every session of this user, or all but one. Returns the ids of those that this call ended."""
    statement = (
        update(Session)
        .where(Session.user_id == user_id, Session.ended_at.is_(None), Session.id != (except_id or UUID(int=0)))
        .values(ended_at=now, end_reason=reason)
        .returning(Session.id)
    )
    return (await db.scalars(statement)).all()


async def settle_names_scopes(db: AsyncSession, client_id: str, scopes: Sequence[str]) -> None:
    """Before the client's scopes change: where a row of an earlier release does not say whether it was asked for scopes
    by name, write down that it was unless it has all of these, which are the client's."""
    present = cast(list(scopes), ARRAY(Text))
    is_whole = Session.scopes.contains(present) & Session.scopes.contained_by(present)
    unsettled = Session.client_id == client_id, Session.names_scopes.is_(None), Session.ended_at.is_(None)
    await db.execute(update(Session).where(*unsettled).values(names_scopes=~is_whole))


async def delete_ended(db: AsyncSession, before: datetime) -> None:
    """Delete sessions that ended or expired before this time, and refresh tokens that expired before it."""
    await db.execute(delete(Session).where(func.coalesce(Session.ended_at, Session.expires_at) < before))
    await db.execute(delete(RefreshToken).where(RefreshToken.expires_at < before))
