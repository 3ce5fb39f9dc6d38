"""Watching an account's erasure: which receivers were told, and which have confirmed."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.errors import DeletionNotFound, UserNotFound
from identity_service.events.models import AccountDeletion, DeletionConfirmation
from watchword.database.database import Database


async def note(db: AsyncSession, user_id: UUID, told: Sequence[tuple[UUID, str]]) -> UUID:
    """Keep who was told that an account is gone; the receipt by which the erasure can be watched."""
    deletion = AccountDeletion(user_id=user_id)
    db.add(deletion)
    await db.flush()  # the receipt comes from the database
    db.add_all(DeletionConfirmation(user_id=user_id, client_id=client_id, jti=jti) for jti, client_id in told)
    return deletion.receipt


async def get_receipt(db: AsyncSession, user_id: UUID) -> UUID:
    """The receipt of an account that is gone. Raises UserNotFound where there was none."""
    deletion = await db.get(AccountDeletion, user_id)
    if deletion is None:
        raise UserNotFound
    return deletion.receipt


async def watch(database: Database, receipt: UUID) -> tuple[AccountDeletion, Sequence[DeletionConfirmation]]:
    """The deletion of this receipt, and every receiver that was told. Raises DeletionNotFound."""
    async with database.begin() as db:
        deletion = await db.scalar(select(AccountDeletion).where(AccountDeletion.receipt == receipt))
        if deletion is None:
            raise DeletionNotFound
        told = select(DeletionConfirmation).where(DeletionConfirmation.user_id == deletion.user_id)
        return deletion, (await db.scalars(told.order_by(DeletionConfirmation.client_id))).all()
