"""The table of consents. A row is changed while its user is locked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, bindparam, delete, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.clients.models import ClientRow
from identity_service.consents.models import Application, Consent, unite_by_client
from identity_service.device_grants.models import DeviceGrant
from identity_service.sessions.models import Session
from watchword.database.portions import delete_portion
from watchword.database.runners import StatementRunner
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


async def covers(db: StatementRunner, user_id: UUID, client_id: str, scopes: Sequence[str]) -> bool:
    """Whether the user, who must be locked, allows the client all of these scopes."""
    row = await db.fetch_row(SCOPES, user_id=user_id, client_id=client_id)
    if row is None:
        return False
    (allowed,) = row
    return set(scopes) <= set(allowed)


async def list_applications(db: AsyncSession, user_id: UUID, now: datetime) -> Sequence[Application]:
    """The third-party clients that this user has allowed something that holds now, ordered by name."""
    allowed = _allowed(user_id, now).subquery()
    last_used_at = (
        select(func.max(Session.last_seen_at))
        .where(Session.user_id == user_id, Session.client_id == allowed.c.client_id)
        .scalar_subquery()
    )
    statement = (
        select(allowed.c.client_id, ClientRow.name, *allowed.c["scopes", "created_at", "updated_at"], last_used_at)
        .join(ClientRow, ClientRow.id == allowed.c.client_id)
        .where(~ClientRow.is_first_party)
        .order_by(func.lower(ClientRow.name), allowed.c.client_id)
    )
    return unite_by_client(Application(*row) for row in await db.execute(statement))


def _allowed(user_id: UUID, now: datetime) -> CompoundSelect[*tuple[Any, ...]]:
    """What this user allows clients: by consent, and by devices that have a session or may still fetch one."""
    consents = select(Consent.client_id, Consent.scopes, Consent.created_at, Consent.updated_at)
    devices = select(Session.client_id, Session.scopes, Session.created_at, Session.created_at)
    device_grants = select(DeviceGrant.client_id, DeviceGrant.scopes, DeviceGrant.decided_at, DeviceGrant.decided_at)
    return union_all(
        consents.where(Consent.user_id == user_id),
        devices.where(
            Session.user_id == user_id,
            Session.sign_on_id.is_(None),
            Session.ended_at.is_(None),
            Session.expires_at > now,
        ),
        device_grants.where(
            DeviceGrant.user_id == user_id, DeviceGrant.used_at.is_(None), DeviceGrant.expires_at > now
        ),
    )


async def upsert(db: AsyncSession, user_id: UUID, client_id: str, scopes: Sequence[str], now: datetime) -> None:
    """Add these scopes to what the user allows the client."""
    consent = await find(db, user_id, client_id)
    if consent is None:
        consent = Consent(user_id=user_id, client_id=client_id, scopes=[], created_at=now)
        db.add(consent)
    consent.scopes = sorted({*consent.scopes, *scopes})
    consent.updated_at = now


async def delete_of(db: AsyncSession, user_id: UUID, client_id: str) -> None:
    """Delete what the user allows this client by consent."""
    await db.execute(delete(Consent).where(Consent.user_id == user_id, Consent.client_id == client_id))


async def delete_of_client(db: AsyncSession, client_id: str) -> int:
    """Delete a portion of what people have allowed this client; return how many."""
    return await delete_portion(db, Consent, Consent.client_id == client_id)
