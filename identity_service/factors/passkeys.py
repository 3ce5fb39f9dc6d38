"""The table of passkeys. The user must be locked before a row is changed."""

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.factors.models import Passkey
from identity_service.users import repository as users
from identity_service.users.models import User
from watchword.database.statements import Statement

OWNER: Final = Statement(
    select(User.username, *users.SIGN_IN_COLUMNS)
    .join(Passkey, Passkey.user_id == User.id)
    .where(Passkey.credential_id == bindparam("credential_id", type_=Passkey.credential_id.type))
)
"""The username of the user who has the credential with this id, and the members of SignInUser."""


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
