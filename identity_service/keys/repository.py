"""The SQL of the signing keys."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service import channel
from identity_service.keys.models import SigningKey
from watchword.database import locks


async def lock_all(db: AsyncSession) -> Sequence[SigningKey]:
    """All keys, the first to sign first. Others cannot change them until this transaction ends, but read them."""
    await locks.lock(db, "identity.signing_keys")
    return await all_keys(db)


async def notify(db: AsyncSession) -> None:
    """Have every process read the keys once this transaction has committed."""
    await channel.notify(db, channel.KEYS)


async def all_keys(db: AsyncSession) -> Sequence[SigningKey]:
    """All keys, the first to sign first."""
    return (await db.scalars(select(SigningKey).order_by(SigningKey.signs_from))).all()


async def end_signing(db: AsyncSession, at: datetime, withdrawn_at: datetime) -> None:
    """Let no key sign after `at`, nor be published after `withdrawn_at`."""
    await db.execute(
        update(SigningKey).values(
            signs_until=func.least(SigningKey.signs_until, at),
            withdrawn_at=func.least(SigningKey.withdrawn_at, withdrawn_at),
        )
    )


async def delete_withdrawn(db: AsyncSession, now: datetime) -> None:
    await db.execute(delete(SigningKey).where(SigningKey.withdrawn_at <= now))
