"""Writing onto the cards of authors which accounts are disabled, from a list that identity gives."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Boolean, Uuid, column, func, literal, or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.authors.models import Author
from watchword.database.database import Database


class AccountState(NamedTuple):
    """An account of identity, whether it is active, and its version since the last change of that."""

    id: UUID
    active: bool
    version: int


class AccountCards:
    """The cards of all authors."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, states: Sequence[AccountState], at: datetime) -> int:
        """Write onto the cards what identity's list, begun `at` this time, says of these accounts, also if the cards
        say what came later before a restore. An event from after that time stays. Returns how many cards have changed.
        """
        async with self._database.begin() as db:
            return await _write(db, states, at)


async def _write(db: AsyncSession, states: Sequence[AccountState], at: datetime) -> int:
    columns = (
        literal([state.id for state in states], ARRAY(Uuid)),
        literal([state.active for state in states], ARRAY(Boolean)),
        literal([state.version for state in states], ARRAY(BigInteger)),
    )
    named = column("id", Uuid), column("active", Boolean), column("version", BigInteger)
    listed = func.unnest(*columns).table_valued(*named).render_derived(name="listed")
    # A card that no event and no operator has written says that the account is active, as it is without any card.
    says_something = or_(Author.is_disabled, Author.account_version.is_not(None), ~listed.c.active)
    differs = or_(
        Author.is_disabled == listed.c.active,
        Author.account_version.is_distinct_from(listed.c.version),
        Author.account_at.is_not(None),
    )
    is_earlier = or_(Author.account_at.is_(None), Author.account_at < at)
    statement = (
        update(Author)
        .where(Author.id == listed.c.id, says_something, differs, is_earlier)
        .values(is_disabled=~listed.c.active, account_version=listed.c.version, account_at=None)
        .returning(Author.id)
    )
    return len((await db.scalars(statement, execution_options={"synchronize_session": False})).all())
