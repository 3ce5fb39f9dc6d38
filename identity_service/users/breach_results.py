"""What is known of a user's present password: when it was looked up, and whether it is known from a breach."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.users.models import User


async def claim_check(
    db: AsyncSession, user_id: UUID, hashes: Collection[str], now: datetime, period: timedelta
) -> bool:
    """Note that the password with one of these hashes is looked up now. False, with nothing noted, if the user has
    another password by now, or if it was looked up within the period."""
    is_due = or_(User.password_checked_at.is_(None), User.password_checked_at <= now - period)
    statement = update(User).where(User.id == user_id, User.password_hash.in_(hashes), is_due)
    return await db.scalar(statement.values(password_checked_at=now).returning(User.id)) is not None


async def write_result(
    db: AsyncSession, user_id: UUID, hashes: Collection[str], breached_at: datetime | None
) -> str | None:
    """Write since when the password with one of these hashes is known to be breached, or that it is not, and return the
    address of the user, who is locked then; None if that is written already, or the user has another password."""
    is_other = User.password_breached_at.is_(None) if breached_at else User.password_breached_at.is_not(None)
    statement = update(User).where(User.id == user_id, User.password_hash.in_(hashes), is_other)
    return await db.scalar(statement.values(password_breached_at=breached_at).returning(User.email))
