"""The table of consents. A row is changed while its user is locked."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.clients.models import ClientRow
from identity_service.consents.models import Application, Consent
from identity_service.sessions.models import Session
from watchword.database.statements import Statement

SCOPES = Statement(
    select(Consent.scopes).where(
        Consent.user_id == bindparam("user_id", type_=Consent.user_id.type),
        Consent.client_id == bindparam("client_id", type_=Consent.client_id.type),
    )
)
"""The scopes that this user has allowed this client."""


async def find(db: AsyncSession, user_id: UUID, client_id: str) -> Consent | None:
    return await db.get(Consent, (user_id, client_id))


async def covers(db: AsyncSession, user_id: UUID, client_id: str, scopes: Sequence[str]) -> bool:
    """Whether the user, who must be locked, allows the client all of these scopes."""
    consent = await find(db, user_id, client_id)
    return consent is not None and set(scopes) <= set(consent.scopes)


async def list_applications(db: AsyncSession, user_id: UUID) -> Sequence[Application]:
    """The third-party clients that this user has allowed something, ordered by name."""
    last_used_at = (
        select(func.max(Session.last_seen_at))
        .where(Session.user_id == user_id, Session.client_id == Consent.client_id)
        .scalar_subquery()
    )
    statement = (
        select(
            Consent.client_id,
            ClientRow.name,
            Consent.scopes,
            Consent.created_at,
            Consent.updated_at,
            last_used_at,
        )
        .join(ClientRow, ClientRow.id == Consent.client_id)
        .where(Consent.user_id == user_id, ~ClientRow.is_first_party)
        .order_by(func.lower(ClientRow.name), Consent.client_id)
    )
    return [Application(*row) for row in await db.execute(statement)]


async def upsert(db: AsyncSession, user_id: UUID, client_id: str, scopes: Sequence[str], now: datetime) -> None:
    """Add these scopes to what the user allows the client."""
    consent = await find(db, user_id, client_id)
    if consent is None:
        consent = Consent(user_id=user_id, client_id=client_id, scopes=[], created_at=now)
        db.add(consent)
    consent.scopes = sorted({*consent.scopes, *scopes})
    consent.updated_at = now


async def delete_of(db: AsyncSession, user_id: UUID, client_id: str) -> bool:
    """Delete what the user allows this third-party client, and return whether there was a row."""
    is_third_party = exists().where(ClientRow.id == Consent.client_id, ~ClientRow.is_first_party)
    conditions = [Consent.user_id == user_id, Consent.client_id == client_id, is_third_party]
    statement = delete(Consent).where(*conditions).returning(Consent.client_id)
    return await db.scalar(statement, execution_options={"synchronize_session": False}) is not None
