"""Deleting device grants an hour after they expired: until then their devices learn why they get no tokens."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.device_grants import repository

_RETENTION: Final = timedelta(hours=1)


async def delete_expired(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    """Delete a portion of the device grants that expired more than an hour ago."""
    return {"device_grants": await repository.delete_expired(db, now - _RETENTION)}
