"""The table of device grants. Rows are locked in the order user, sign-on, device grant, session."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.clients.models import ClientRow
from identity_service.device_grants.models import DeviceGrant
from watchword.database.portions import delete_portion


async def insert_unless_taken(db: AsyncSession, values: Mapping[str, Any]) -> bool:
    """Insert a device grant. Returns False, and inserts nothing, if another one has its user code."""
    statement = insert(DeviceGrant).values(**values).on_conflict_do_nothing(index_elements=[DeviceGrant.user_code])
    return await db.scalar(statement.returning(DeviceGrant.user_code)) is not None


async def find(db: AsyncSession, digest: bytes, client_id: str) -> DeviceGrant | None:
    """The device grant with this code, if it is this client's."""
    return await db.scalar(select(DeviceGrant).where(DeviceGrant.digest == digest, DeviceGrant.client_id == client_id))


async def find_for_update(db: AsyncSession, digest: bytes) -> DeviceGrant | None:
    """The device grant with this code, its row locked until the transaction ends."""
    return await db.get(DeviceGrant, digest, with_for_update=True, populate_existing=True)


async def find_by_user_code(db: AsyncSession, user_code: bytes) -> tuple[DeviceGrant, str] | None:
    """The device grant with this code, and the name of its client."""
    statement = select(DeviceGrant, ClientRow.name).join(ClientRow, ClientRow.id == DeviceGrant.client_id)
    row = (await db.execute(statement.where(DeviceGrant.user_code == user_code))).one_or_none()
    return None if row is None else (row[0], row[1])


async def find_by_user_code_for_update(db: AsyncSession, user_code: bytes) -> DeviceGrant | None:
    """The device grant with this code, its row locked until the transaction ends."""
    return await db.scalar(select(DeviceGrant).where(DeviceGrant.user_code == user_code).with_for_update())


async def withdraw(db: AsyncSession, user_id: UUID, client_id: str | None = None) -> None:
    """Take back what this user has allowed devices that have no session yet: those of this client, or of all. Such a
    device is then answered as if it had been denied. The user must be locked."""
    of_client = [] if client_id is None else [DeviceGrant.client_id == client_id]
    conditions = [DeviceGrant.user_id == user_id, DeviceGrant.used_at.is_(None), *of_client]
    statement = update(DeviceGrant).where(*conditions).values(user_id=None, sign_on_id=None)
    await db.execute(statement, execution_options={"synchronize_session": False})


async def delete_expired(db: AsyncSession, before: datetime) -> int:
    """Delete a portion of the device grants that expired before this time, and return how many."""
    return await delete_portion(db, DeviceGrant, DeviceGrant.expires_at < before, order_by=[DeviceGrant.expires_at])
