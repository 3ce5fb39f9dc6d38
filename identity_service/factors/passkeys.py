"""The table of passkeys. The user must be locked before a row is changed."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.factors.models import Passkey


async def find_for_update(db: AsyncSession, user_id: UUID, credential_id: bytes) -> Passkey | None:
    """The credential with this id if it is this user's, its row locked until the transaction ends."""
    statement = select(Passkey).where(Passkey.credential_id == credential_id, Passkey.user_id == user_id)
    return await db.scalar(statement.with_for_update().execution_options(populate_existing=True))


async def find_by_id(db: AsyncSession, user_id: UUID, passkey_id: UUID) -> Passkey | None:
    """The passkey with this id if it is this user's, its row locked until the transaction ends."""
    return await db.scalar(
        select(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id).with_for_update()
    )


async def insert_unless_known(db: AsyncSession, passkey: Passkey) -> Passkey | None:
    """Insert a passkey, or nothing, and return None, if anybody has a credential with its id."""
    values = {name: value for name, value in vars(passkey).items() if not name.startswith("_")}
    return await db.scalar(insert(Passkey).values(**values).on_conflict_do_nothing().returning(Passkey))
