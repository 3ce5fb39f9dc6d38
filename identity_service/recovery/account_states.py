"""Which accounts are disabled, as a list for services that have lost what events have said of it."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import select

from identity_service.users.models import User
from watchword.clock import Clock
from watchword.database.database import Database

PORTION: Final = 5_000

_FIRST: Final = UUID(int=0)


class AccountState(NamedTuple):
    """An account, whether it is active, and its version since the last change of that."""

    id: UUID
    active: bool
    version: int


class AccountStates:
    """All accounts. The list may be read while accounts change: what happens from `now` on is in events."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def now(self) -> datetime:
        """The instant from which on a change may be missing in a list that is read after it."""
        return self._clock.now()

    async def portions(self) -> AsyncIterator[Sequence[AccountState]]:
        """The accounts by id, a portion at a time."""
        last = _FIRST
        while True:
            accounts = select(User.id, User.is_active, User.version).where(User.id > last)
            async with self._database.begin() as db:
                rows = (await db.execute(accounts.order_by(User.id).limit(PORTION))).all()
            if not rows:
                return
            yield [AccountState(*row) for row in rows]
            last = rows[-1].id
