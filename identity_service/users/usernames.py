"""Which usernames may be chosen: not the reserved ones, nor one that another account gave up a short while ago."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.errors import UsernameReserved, UsernameTaken
from identity_service.users.models import ReleasedUsername
from identity_service.users.reserved_names import RESERVED, plain_name
from watchword.database.portions import delete_portion

WITHHELD: Final = timedelta(days=30)
"""How long a name that was given up stays reserved for the account that gave it up."""


class Usernames:
    """The rules of usernames. `digest` is a keyed hash: the names of deleted accounts are stored as nothing else."""

    def __init__(self, digest: Callable[[str], bytes], reserved: Iterable[str] = ()) -> None:
        self._digest = digest
        self._reserved = RESERVED | {plain_name(name) for name in reserved}

    def ensure_not_reserved(self, username: str) -> None:
        """Raises UsernameReserved."""
        if plain_name(username) in self._reserved:
            raise UsernameReserved

    async def ensure_not_withheld(self, db: AsyncSession, username: str, user_id: UUID, now: datetime) -> None:
        """Raise UsernameTaken if another account gave this name up less than WITHHELD ago.

        Call it after the account's row has been written with this name, in the same transaction: the unique index has
        then waited for an account that was giving the name up, so that its release is seen.
        """
        by_other = ReleasedUsername.name_digest == self._digest_of(username), ReleasedUsername.user_id != user_id
        if await db.scalar(select(1).where(*by_other, ReleasedUsername.released_at > now - WITHHELD)):
            raise UsernameTaken

    async def release(self, db: AsyncSession, username: str, user_id: UUID, now: datetime) -> None:
        """Withhold this name, which the account gives up in this transaction, from all others."""
        release = {"user_id": user_id, "released_at": now}
        statement = insert(ReleasedUsername).values(name_digest=self._digest_of(username), **release)
        await db.execute(statement.on_conflict_do_update(index_elements=["name_digest"], set_=release))

    async def take_back(self, db: AsyncSession, username: str, user_id: UUID) -> None:
        """Forget that this account gave up the name, which it has again."""
        own = ReleasedUsername.name_digest == self._digest_of(username), ReleasedUsername.user_id == user_id
        await db.execute(delete(ReleasedUsername).where(*own))

    def _digest_of(self, username: str) -> bytes:
        return self._digest(username.lower())


async def delete_portion_of_free(db: AsyncSession, now: datetime) -> int:
    """Delete a portion of the names that are free again; return how many."""
    is_free = ReleasedUsername.released_at <= now - WITHHELD
    return await delete_portion(db, ReleasedUsername, is_free, order_by=[ReleasedUsername.released_at])
