"""The table of signing keys."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.keys.models import SigningKey


async def lock(db: AsyncSession) -> None:
    """Let nobody else change the keys until this transaction ends; reading them goes on."""
    await db.execute(text("SELECT pg_advisory_xact_lock(hashtext('identity.signing_keys'))"))


async def all_keys(db: AsyncSession) -> Sequence[SigningKey]:
    return (await db.scalars(select(SigningKey).order_by(SigningKey.signs_from))).all()


async def end_signing(db: AsyncSession, at: datetime, withdrawn_at: datetime) -> None:
    """No key signs after `at`, and none is published after `withdrawn_at`."""
    await db.execute(
        update(SigningKey).values(
            signs_until=func.least(SigningKey.signs_until, at),
            withdrawn_at=func.least(SigningKey.withdrawn_at, withdrawn_at),
        )
    )


async def delete_withdrawn(db: AsyncSession, now: datetime) -> None:
    await db.execute(delete(SigningKey).where(SigningKey.withdrawn_at <= now))
