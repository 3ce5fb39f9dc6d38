"""The SQL of account deletions: who must confirm the erasure, and who has."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.errors import DeletionNotFound, UserNotFound
from identity_service.users.models import AccountDeletion, DeletionConfirmation


async def insert(db: AsyncSession, user_id: UUID, receivers: Sequence[tuple[UUID, str]]) -> UUID:
    """Record that an account was deleted, and return the receipt for watching the erasure.

    `receivers` are the event that reports the deletion (`jti`) and the client it is for, for each stream.
    """
    deletion = AccountDeletion(user_id=user_id)
    db.add(deletion)
    await db.flush()  # the receipt comes from the database
    db.add_all(DeletionConfirmation(user_id=user_id, client_id=client_id, jti=jti) for jti, client_id in receivers)
    return deletion.receipt


async def get_receipt(db: AsyncSession, user_id: UUID) -> UUID:
    """The receipt of an account that was deleted. Raises UserNotFound."""
    deletion = await db.get(AccountDeletion, user_id)
    if deletion is None:
        raise UserNotFound
    return deletion.receipt


async def get_by_receipt(db: AsyncSession, receipt: UUID) -> AccountDeletion:
    """The deletion with this receipt. Raises DeletionNotFound."""
    deletion = await db.scalar(select(AccountDeletion).where(AccountDeletion.receipt == receipt))
    if deletion is None:
        raise DeletionNotFound
    return deletion


async def receivers_of(db: AsyncSession, user_id: UUID) -> Sequence[DeletionConfirmation]:
    """Every receiver of this deletion, by client id."""
    statement = select(DeletionConfirmation).where(DeletionConfirmation.user_id == user_id)
    return (await db.scalars(statement.order_by(DeletionConfirmation.client_id))).all()


async def confirm(db: AsyncSession, jtis: Collection[UUID], now: datetime) -> None:
    """Mark the deletions that these events report as confirmed; other events are ignored."""
    confirmed = update(DeletionConfirmation).where(DeletionConfirmation.jti.in_(jtis)).values(confirmed_at=now)
    await db.execute(confirmed)
