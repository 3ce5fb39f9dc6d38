"""The table of authorization codes."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authorization_codes.models import AuthorizationCode
from watchword.database.portions import delete_portion


async def delete_expired(db: AsyncSession, before: datetime) -> int:
    """Delete a portion of the codes that expired before this time, and return how many."""
    is_over = AuthorizationCode.expires_at < before
    return await delete_portion(db, AuthorizationCode, is_over, order_by=[AuthorizationCode.expires_at])
