"""The table of sign-ons. Rows are locked in the order user, sign-on, session."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.ending import EndReason
from identity_service.roles import repository as roles
from identity_service.sign_ons.models import OVER_AT, SignOn
from identity_service.sign_ons.values import SignOnLifetimes
from identity_service.users import repository as users
from identity_service.users.models import User
from watchword.database.statements import Statement

LIVE = Statement(
    select(
        SignOn.id,
        SignOn.user_id,
        User.username,
        SignOn.authenticated_at,
        SignOn.acr,
        SignOn.amr,
        SignOn.created_at,
        SignOn.last_seen_at,
        SignOn.expires_at,
        User.must_change_password,
        roles.must_add_second_factor(User.id, User.has_second_factor).label("must_add_second_factor"),
    )
    .join(User, User.id == SignOn.user_id)
    .where(
        SignOn.digest == bindparam("digest", type_=SignOn.digest.type),
        SignOn.ended_at.is_(None),
        users.MAY_SIGN_IN,
    )
)
"""The sign-on with this secret that has not ended, of a user who may sign in."""


async def find_for_update(db: AsyncSession, digest: bytes) -> SignOn | None:
    """The sign-on with this secret, its row locked until the transaction ends."""
    return await db.scalar(select(SignOn).where(SignOn.digest == digest).with_for_update())


async def find_of_user_for_update(db: AsyncSession, user_id: UUID, sign_on_id: UUID) -> SignOn | None:
    """A sign-on of this user, its row locked until the transaction ends; None for another user's sign-on."""
    statement = select(SignOn).where(SignOn.id == sign_on_id, SignOn.user_id == user_id)
    return await db.scalar(statement.with_for_update())


async def lock_all(db: AsyncSession, user_id: UUID) -> None:
    """Lock the rows of every sign-on of this user until the transaction ends. The user must be locked."""
    await db.execute(select(SignOn.id).where(SignOn.user_id == user_id).order_by(SignOn.id).with_for_update())


async def list_live(db: AsyncSession, user_id: UUID, now: datetime) -> Sequence[SignOn]:
    """The sign-ons of this user that have not ended."""
    live = SignOn.user_id == user_id, SignOn.ended_at.is_(None), SignOn.expires_at > now
    return (await db.scalars(select(SignOn).where(*live))).all()


async def note_use(
    db: AsyncSession, sign_on_id: UUID, created_at: datetime, now: datetime, lifetimes: SignOnLifetimes
) -> None:
    """Write down that a sign-on is used, unless another request has done so a short time ago."""
    is_due = SignOn.ended_at.is_(None), SignOn.last_seen_at <= now - lifetimes.seen_every
    values = {"last_seen_at": now, "expires_at": lifetimes.expires_at(created_at, now)}
    await db.execute(update(SignOn).where(SignOn.id == sign_on_id, *is_due).values(values))


async def end_all(
    db: AsyncSession, user_id: UUID, reason: EndReason, now: datetime, *, except_id: UUID | None = None
) -> Sequence[UUID]:
    """End every sign-on of this user, or all but one. Returns the ids of those that this call ended."""
    statement = (
        update(SignOn)
        .where(SignOn.user_id == user_id, SignOn.ended_at.is_(None), SignOn.id != (except_id or UUID(int=0)))
        .values(ended_at=now, end_reason=reason)
        .returning(SignOn.id)
    )
    return (await db.scalars(statement)).all()


async def end_least_recent(db: AsyncSession, user_id: UUID, keep: int, limit: int, now: datetime) -> Sequence[UUID]:
    """Of the live sign-ons of this user, end those that were used longest ago until `keep` are left, but no more than
    `limit`. The user must be locked. Returns the ids of those that this call ended."""
    live = SignOn.user_id == user_id, SignOn.ended_at.is_(None), SignOn.expires_at > now
    newest_first = SignOn.last_seen_at.desc(), SignOn.id.desc()
    beyond = select(SignOn.id, SignOn.last_seen_at).where(*live).order_by(*newest_first).offset(keep).subquery()
    ids = select(beyond.c.id).order_by(beyond.c.last_seen_at, beyond.c.id).limit(limit)
    statement = update(SignOn).where(SignOn.id.in_(ids), SignOn.ended_at.is_(None))
    ended = statement.values(ended_at=now, end_reason=EndReason.TOO_MANY).returning(SignOn.id)
    return (await db.scalars(ended, execution_options={"synchronize_session": False})).all()


async def ids_over(db: AsyncSession, before: datetime, limit: int) -> Sequence[UUID]:
    """The ids of sign-ons that ended or expired before this time, the first to end first."""
    return (await db.scalars(select(SignOn.id).where(before > OVER_AT).order_by(OVER_AT).limit(limit))).all()
