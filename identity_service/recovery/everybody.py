"""Ending every sign-on and every session of an installation."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.ending import EndReason
from identity_service.recording.cause import Cause
from identity_service.recording.recorder import Recorder
from identity_service.sessions.models import Session
from identity_service.sign_ons.models import SignOn
from watchword.clock import Clock
from watchword.database.database import Database

PORTION: Final = 1_000
"""How many rows one transaction ends."""


class EndedEverywhere(NamedTuple):
    """How many sign-ons and sessions were ended."""

    sign_ons: int
    sessions: int


class Everybody:
    """Ends what all users have. Services learn nothing of it by an event: withdraw the keys, which is one event for all
    tokens, and then end the sessions here."""

    def __init__(self, database: Database, recorder: Recorder, clock: Clock) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock

    async def end_sign_ons(self, began_by: datetime, cause: Cause) -> int:
        """End the sign-ons that began until then: the cookies of their browsers are not valid any more. Returns how
        many this call ended; a call after one that was interrupted ends the rest."""
        total = 0
        while ids := await self._end_portion(SignOn, began_by, cause):
            total += len(ids)
        return total

    async def end_sessions(self, began_by: datetime, cause: Cause) -> int:
        """End the sessions that began until then, whose tokens must be those of withdrawn keys. Applications get a
        logout token for each. Returns how many this call ended."""
        total = 0
        while ids := await self._end_portion(Session, began_by, cause):
            total += len(ids)
        return total

    async def _end_portion(self, table: type[SignOn | Session], began_by: datetime, cause: Cause) -> Sequence[UUID]:
        async with self._database.begin() as db:
            now = self._clock.now()
            live = table.ended_at.is_(None), table.expires_at > now, table.created_at <= began_by
            rows = select(table.id).where(*live).order_by(table.id).limit(PORTION).with_for_update()
            ids = (await db.scalars(rows)).all()
            if ids:
                await _end(db, table, ids, now)
                if table is SignOn:
                    await self._recorder.ended_everywhere(db, cause, sign_on_ids=ids)
                else:
                    await self._recorder.ended_everywhere(db, cause, session_ids=ids)
            return ids


async def _end(db: AsyncSession, table: type[SignOn | Session], ids: Sequence[UUID], now: datetime) -> None:
    values: dict[str, Any] = {"ended_at": now, "end_reason": EndReason.ENDED_BY_ADMINISTRATOR}
    await db.execute(
        update(table).where(table.id.in_(ids)).values(values), execution_options={"synchronize_session": False}
    )
