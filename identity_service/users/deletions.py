"""The SQL of account deletions: who must confirm the erasure, and who has."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.errors import DeletionNotFound, UserNotFound
from identity_service.users.models import AccountDeletion, DeletionConfirmation


async def insert(db: AsyncSession, user_id: UUID, receivers: Mapping[str, UUID | None]) -> UUID:
    """Record that an account was deleted, and return the receipt for watching the erasure.

    `receivers` are the clients that must confirm it, each with the event that tells it, or None.
    """
    deletion = AccountDeletion(user_id=user_id)
    db.add(deletion)
    await db.flush()  # the receipt comes from the database
    db.add_all(
        DeletionConfirmation(user_id=user_id, client_id=client_id, jti=jti) for client_id, jti in receivers.items()
    )
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


async def confirm(db: AsyncSession, client_id: str, user_ids: Collection[UUID], now: datetime) -> None:
    """Mark the deletions of these users as confirmed by this client. A confirmation never moves."""
    receipts = DeletionConfirmation.client_id == client_id, DeletionConfirmation.user_id.in_(user_ids)
    unconfirmed = DeletionConfirmation.confirmed_at.is_(None)
    await db.execute(update(DeletionConfirmation).where(*receipts, unconfirmed).values(confirmed_at=now))
