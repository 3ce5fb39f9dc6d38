"""The table of half-open sign-ins. Rows are locked after the user, and before sign-ons."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.half_open_sign_ins.models import HalfOpenSignIn
from identity_service.users import repository as users
from identity_service.users.models import User
from watchword.database.portions import delete_portion
from watchword.database.statements import Statement

LIVE = Statement(
    select(HalfOpenSignIn.expires_at, HalfOpenSignIn.password_digest, User.username, *users.SIGN_IN_COLUMNS)
    .join(User, User.id == HalfOpenSignIn.user_id)
    .where(
        HalfOpenSignIn.digest == bindparam("digest", type_=HalfOpenSignIn.digest.type),
        users.MAY_SIGN_IN,
        User.has_second_factor,
    )
)
"""The half-open sign-in with this secret, of a user who may sign in and has a second factor; the last columns are the
members of SignInUser."""


async def find_for_update(db: AsyncSession, digest: bytes) -> HalfOpenSignIn | None:
    """The half-open sign-in with this secret, its row locked until the transaction ends."""
    return await db.scalar(select(HalfOpenSignIn).where(HalfOpenSignIn.digest == digest).with_for_update())


async def delete_all(db: AsyncSession, user_id: UUID) -> None:
    """Delete every half-open sign-in of this user, who must be locked."""
    statement = delete(HalfOpenSignIn).where(HalfOpenSignIn.user_id == user_id)
    await db.execute(statement, execution_options={"synchronize_session": False})


async def delete_expired(db: AsyncSession, now: datetime) -> int:
    """Delete a portion of the half-open sign-ins that have expired, and return how many."""
    return await delete_portion(
        db, HalfOpenSignIn, HalfOpenSignIn.expires_at <= now, order_by=[HalfOpenSignIn.expires_at]
    )
