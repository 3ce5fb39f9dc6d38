"""Whether the session of a token is live, as the database says at this moment."""

from typing import Any
from uuid import UUID

import asyncpg

from identity_service.errors import SessionEnded
from identity_service.roles import repository as roles
from identity_service.sessions import repository
from watchword.auth import Principal
from watchword.auth.assurance import at_least
from watchword.clock import Clock
from watchword.database.database import Database


class LiveSessions:
    """Asks the database about each token, so that what has ended is refused at once by every process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def ensure_live(self, caller: Principal) -> None:
        """Raise SessionEnded unless the session of this access token is live, its user is active, and what it says of
        them is true. Raises NotPermitted for a token without a session."""
        row = await self._live(caller.person_id(), caller.own_session_id())
        if row is None:
            raise SessionEnded("the session has ended, or the user is deleted or disabled")
        if _is_outdated(caller, row):
            raise SessionEnded("issued before the roles of the user changed")
        # Rarely true, so that most requests need one statement.
        if caller.role_version < row["role_version"] and await self._carries_changed_role(caller):
            raise SessionEnded("issued before a role in it changed")

    async def is_usable(self, token_id: UUID, user_id: UUID, session_id: UUID) -> bool:
        """Whether this refresh token of a live session has not been traded in yet."""
        if await self._live(user_id, session_id) is None:
            return False
        unused = await self._database.reads.fetch_row(repository.UNUSED, token_id=token_id, session_id=session_id)
        return unused is not None

    async def lowered_claims(self, user_id: UUID, session_id: UUID, acr: str) -> dict[str, Any]:
        """The claims `acr` and `amr` in the place of those of a token of this session that says `acr`, if the level of
        the session is lower since the token was issued; otherwise none."""
        row = await self._database.reads.fetch_row(repository.AUTHENTICATION, session_id=session_id, user_id=user_id)
        if row is None or row["acr"] is None or row["acr"] in at_least(acr):
            return {}
        return {"acr": row["acr"], "amr": list(row["amr"] or ())}

    async def _live(self, user_id: UUID, session_id: UUID) -> asyncpg.Record | None:
        """The row of `LIVE` for this session of an active user; None if it has ended."""
        row = await self._database.reads.fetch_row(repository.LIVE, session_id=session_id, user_id=user_id)
        return row if row is not None and self._clock.now() < row["expires_at"] else None

    async def _carries_changed_role(self, caller: Principal) -> bool:
        values = {"roles": sorted(caller.roles), "version": caller.role_version}
        return await self._database.reads.fetch_row(roles.CHANGED_ROLE, **values) is not None


def _is_outdated(caller: Principal, row: asyncpg.Record) -> bool:
    """Whether the roles of the user have changed since the token was issued."""
    if row["claims_version"] > 0:
        return bool(caller.version < row["claims_version"])
    # Only a process of the previous release has changed the roles so far, and it counts nothing.
    return bool(caller.issued_at.timestamp() < row["tokens_valid_from"])
