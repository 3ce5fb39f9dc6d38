"""Deleting sign-ons thirty days after they ended or expired."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.ending import RETENTION
from identity_service.sign_ons import repository


async def delete_over(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    """Delete a portion of the sign-ons that ended or expired longer ago than RETENTION."""
    return {"sign_ons": await repository.delete_over(db, now - RETENTION)}
