"""The table of authorization codes. Rows are locked in the order user, code, sign-on, session."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authorization_codes.models import AuthorizationCode
from watchword.database.portions import delete_portion


async def find_user_id(db: AsyncSession, digest: bytes) -> UUID | None:
    """The user whose code has this digest. The row is not locked, so another transaction may delete it."""
    return await db.scalar(select(AuthorizationCode.user_id).where(AuthorizationCode.digest == digest))


async def find_for_update(db: AsyncSession, digest: bytes) -> AuthorizationCode | None:
    """The code with this digest, its row locked until the transaction ends."""
    return await db.get(AuthorizationCode, digest, with_for_update=True)


async def delete_expired(db: AsyncSession, before: datetime) -> int:
    """Delete a portion of the codes that expired before this time, and return how many."""
    is_over = AuthorizationCode.expires_at < before
    return await delete_portion(db, AuthorizationCode, is_over, order_by=[AuthorizationCode.expires_at])
