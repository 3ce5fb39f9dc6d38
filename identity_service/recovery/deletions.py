"""Deletions of accounts that the database has lost, because it was restored to an earlier time."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from identity_service.obedience.models import Act
from identity_service.recording.cause import Cause
from identity_service.recording.recorder import Recorder
from identity_service.users.models import AccountDeletion
from watchword.clock import Clock
from watchword.database.database import Database, violates

PORTION: Final = 5_000

_FIRST: Final = UUID(int=0)


class LostDeletions:
    """The list of deleted accounts, which is taken from the data that a restore replaces, and repeated after it."""

    def __init__(self, database: Database, recorder: Recorder, clock: Clock) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock

    async def portions(self) -> AsyncIterator[Sequence[UUID]]:
        """The ids of all deleted accounts, a portion at a time."""
        last = _FIRST
        while True:
            ids = select(AccountDeletion.user_id).where(AccountDeletion.user_id > last)
            async with self._database.begin() as db:
                portion = (await db.scalars(ids.order_by(AccountDeletion.user_id).limit(PORTION))).all()
            if not portion:
                return
            yield portion
            last = portion[-1]

    async def unknown(self, user_ids: Collection[UUID]) -> list[UUID]:
        """Those of these ids whose deletion is not known here, in their order."""
        async with self._database.begin() as db:
            known = set(await db.scalars(select(AccountDeletion.user_id).where(AccountDeletion.user_id.in_(user_ids))))
            return [user_id for user_id in user_ids if user_id not in known]

    async def record(self, user_id: UUID, cause: Cause) -> Act | None:
        """Record the deletion of an account that is not there, so that every receiver erases what it has of it. None if
        it is known already."""
        try:
            async with self._database.begin() as db:
                if await db.get(AccountDeletion, user_id) is not None:
                    return None
                deletion = await self._recorder.deleted(db, self._clock.now(), user_id, cause, before=None)
        except IntegrityError as error:
            # Another run of the same list has recorded it at this moment.
            if violates(error, "account_deletions_pkey"):
                return None
            raise
        return Act(deletion.enqueued, cause.actor, str(user_id))
