"""Where a person is signed in, as they see and end it in a browser."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts.models import SignedInDevice
from identity_service.ending import EndReason
from identity_service.errors import SessionNotFound
from identity_service.events.enqueueing import NOTHING
from identity_service.obedience.models import Act
from identity_service.recording.recorder import Recorder, by_user
from identity_service.sessions import repository as sessions
from identity_service.sessions.ending import end_all
from identity_service.sessions.models import Session
from identity_service.sign_ons import repository as sign_ons
from identity_service.sign_ons.locking import lock_signed_on
from identity_service.sign_ons.models import SignOn
from identity_service.sign_ons.values import LiveSignOn
from watchword.clock import Clock
from watchword.database.database import Database


class SignedInDevices:
    """The sign-ons of a user, and the sessions of clients. Times are read within the transaction, and under the lock
    where one is taken."""

    def __init__(self, database: Database, recorder: Recorder, clock: Clock) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock

    async def list_live(self, sign_on: LiveSignOn) -> Sequence[SignedInDevice]:
        """What is live: first the current sign-on, then the others, the most recently seen first."""
        async with self._database.begin() as db:
            now = self._clock.now()
            rows: list[SignOn | Session] = [
                *await sign_ons.list_live(db, sign_on.user_id, now),
                *await sessions.list_live(db, sign_on.user_id, now),
            ]
        rows.sort(key=lambda row: (row.id == sign_on.id, row.last_seen_at), reverse=True)
        return [_device(row, sign_on.id) for row in rows]

    async def end(self, user_id: UUID, device_id: UUID) -> Act | None:
        """End one sign-on or session of this user; None if it has ended before. Raises SessionNotFound."""
        async with self._database.begin() as db:
            row = await _find_for_update(db, user_id, device_id)
            if row is None:
                raise SessionNotFound
            if row.ended_at is not None:
                return None
            now = self._clock.now()
            row.end(now, EndReason.ENDED_BY_OWNER)
            cause = by_user(user_id, EndReason.ENDED_BY_OWNER)
            if isinstance(row, Session):
                enqueued = await self._recorder.sessions_ended(db, now, user_id, [device_id], cause)
            else:
                await self._recorder.sign_ons_ended(db, user_id, [device_id], cause)
                enqueued = NOTHING
        return Act(enqueued, cause.actor, str(device_id))

    async def end_others(self, sign_on: LiveSignOn) -> Act | None:
        """End every session of this user, and every sign-on but this one; None if no service has to be told. Raises
        SignOnRequired if this one has ended meanwhile."""
        async with self._database.begin() as db:
            user, now = await lock_signed_on(db, sign_on, self._clock)
            ended = await end_all(db, user.id, EndReason.ENDED_BY_OWNER, now, except_sign_on=sign_on.id)
            if ended.session_ids:
                user.raise_version()
            cause = by_user(user.id, EndReason.ENDED_BY_OWNER)
            enqueued = await self._recorder.all_sessions_ended(db, now, user, ended, cause)
        return Act(enqueued, cause.actor, str(user.id)) if ended.session_ids or ended.sign_on_ids else None


async def _find_for_update(db: AsyncSession, user_id: UUID, device_id: UUID) -> SignOn | Session | None:
    sign_on = await sign_ons.find_of_user_for_update(db, user_id, device_id)
    return sign_on or await sessions.find_for_update(db, user_id, device_id)


def _device(row: SignOn | Session, current: UUID) -> SignedInDevice:
    return SignedInDevice(
        row.id,
        row.client_id if isinstance(row, Session) else None,
        row.device,
        row.address,
        row.created_at,
        row.last_seen_at,
        row.id == current,
    )
