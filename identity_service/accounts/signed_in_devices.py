"""Where a person is signed in, as they see and end it in a browser."""

from collections.abc import Sequence
from uuid import UUID

from identity_service.accounts.models import SignedInDevice
from identity_service.ending import EndReason
from identity_service.obedience.models import Act
from identity_service.recording.cause import by_user
from identity_service.recording.recorder import Recorder
from identity_service.sessions import repository as sessions
from identity_service.sessions.ending import end_all, end_device, lock_device
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
            browsers = await sign_ons.list_live(db, sign_on.user_id, now)
            live = await sessions.list_live(db, sign_on.user_id, now)
        devices = [_browser(one, live, sign_on.id) for one in browsers]
        devices += [_device(session, [session]) for session in live if session.sign_on_id is None]
        return sorted(devices, key=lambda device: (device.is_current, device.last_seen_at), reverse=True)

    async def end(self, user_id: UUID, device_id: UUID) -> Act | None:
        """End one sign-on of this user with its sessions, or one session; None if it has ended before. Raises
        SessionNotFound."""
        async with self._database.begin() as db:
            sign_on = await sign_ons.find_of_user_for_update(db, user_id, device_id)
            device = sign_on or await lock_device(db, user_id, device_id)
            now = self._clock.now()
            ended = await end_device(db, device, EndReason.ENDED_BY_OWNER, now)
            if not (ended.sign_on_ids or ended.session_ids):
                return None
            cause = by_user(user_id, EndReason.ENDED_BY_OWNER)
            enqueued = await self._recorder.sign_ons_ended(db, now, user_id, ended, cause)
        return Act(enqueued, cause.actor, str(device_id))

    async def end_others(self, sign_on: LiveSignOn) -> Act | None:
        """End every sign-on of this user but this one, and every session that does not come from it; None if there was
        nothing to end. Raises SignOnRequired if this one has ended meanwhile."""
        async with self._database.begin() as db:
            user, now = await lock_signed_on(db, sign_on, self._clock)
            ended = await end_all(db, user.id, EndReason.ENDED_BY_OWNER, now, except_sign_on=sign_on.id)
            if ended.session_ids:
                user.raise_version()
            cause = by_user(user.id, EndReason.ENDED_BY_OWNER)
            enqueued = await self._recorder.all_sessions_ended(db, now, user, ended, cause)
        return Act(enqueued, cause.actor, str(user.id)) if ended.session_ids or ended.sign_on_ids else None


def _browser(sign_on: SignOn, sessions: Sequence[Session], current: UUID) -> SignedInDevice:
    """A sign-on, with those of the sessions that come from it."""
    own = [session for session in sessions if session.sign_on_id == sign_on.id]
    return _device(sign_on, own, is_current=sign_on.id == current)


def _device(row: SignOn | Session, sessions: Sequence[Session], *, is_current: bool = False) -> SignedInDevice:
    return SignedInDevice(
        row.id,
        isinstance(row, SignOn),
        sorted({session.client_id for session in sessions}),
        row.device,
        row.address,
        row.created_at,
        max(one.last_seen_at for one in (row, *sessions)),
        is_current,
    )
