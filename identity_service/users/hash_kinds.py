"""The look at which kinds of hashes the table of users has. The index makes it cheap in a table of any size."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.users.models import User, hash_kind
from watchword.database.database import Database
from watchword.tasks import repeat

logger = logging.getLogger("identity.passwords")

LOOK_SECONDS: Final = 60.0


async def examples(db: AsyncSession) -> dict[str, str]:
    """One hash of each kind that the table has."""
    kind = hash_kind(User.password_hash)
    kinds = select(func.min(kind).label("kind")).cte("kinds", recursive=True)
    following = select(func.min(kind)).where(kind > kinds.c.kind).scalar_subquery()
    kinds = kinds.union_all(select(following).where(kinds.c.kind.is_not(None)))
    example = select(User.password_hash).where(kind == kinds.c.kind).limit(1).scalar_subquery()
    rows = await db.execute(select(kinds.c.kind, example).where(kinds.c.kind.is_not(None)))
    return {kind: password_hash for kind, password_hash in rows if password_hash is not None}


async def watch_forever(database: Database, on_look: Callable[[dict[str, str]], Awaitable[None]]) -> None:
    """Look every minute, for the first time at once."""

    async def look() -> None:
        async with database.begin() as db:
            present = await examples(db)
        await on_look(present)

    await repeat(look, lambda: LOOK_SECONDS, logger, name="look at the kinds of password hashes")
