"""Listing the sessions of a user, and ending them."""

from collections.abc import Sequence
from uuid import UUID

from identity_service.ending import EndReason
from identity_service.errors import SessionEnded, SessionNotFound
from identity_service.obedience.models import Act
from identity_service.recording.acts import record_act
from identity_service.recording.cause import Cause, by_user
from identity_service.recording.recorder import Recorder
from identity_service.sessions import repository
from identity_service.sessions.ending import end_all, end_device, lock_device
from identity_service.sessions.models import Session
from identity_service.users import repository as users
from identity_service.users.expectations import Expectation, expect_anything
from identity_service.users.stand_ins import account_holder
from watchword.clock import Clock
from watchword.database.database import Database


class Sessions:
    """The sessions of all users. Times are read within the transaction, and under the lock where one is taken."""

    def __init__(self, database: Database, recorder: Recorder, clock: Clock) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock

    async def list_live(self, user_id: UUID) -> Sequence[Session]:
        """The live sessions of a user, the most recently seen first, those of one sign-on together."""
        async with self._database.begin() as db:
            sessions = await repository.list_live(db, user_id, self._clock.now())
        by_device: dict[UUID, list[Session]] = {}
        for session in sessions:
            by_device.setdefault(session.sign_on_id or session.id, []).append(session)
        return [session for device in by_device.values() for session in device]

    async def sign_out(self, user_id: UUID, session_id: UUID, reason: EndReason) -> Act | None:
        """End the sign-on that this session of the user comes from, with all its sessions, or the session alone if it
        comes from none; None if there was nothing to end. Raises SessionNotFound."""
        async with self._database.begin() as db:
            device = await lock_device(db, user_id, session_id)
            now = self._clock.now()
            ended = await end_device(db, device, reason, now)
            if not (ended.sign_on_ids or ended.session_ids):
                return None
            cause = by_user(user_id, reason)
            enqueued = await self._recorder.sign_ons_ended(db, now, user_id, ended, cause)
        return Act(enqueued, cause.actor, str(session_id))

    async def find_sign_on_id(self, user_id: UUID, session_id: UUID) -> UUID | None:
        """The sign-on that a session of this user came from, also if it has ended; None if it came from none, or if
        there is no such session."""
        row = await self._database.reads.fetch_row(repository.SIGN_ON, user_id=user_id, session_id=session_id)
        return None if row is None else row["sign_on_id"]

    async def end(self, user_id: UUID, session_id: UUID, reason: EndReason, actor: str) -> Act | None:
        """End one session of this user and nothing else; None if it has ended before. Raises SessionNotFound."""
        async with self._database.begin() as db:
            session = await repository.find_for_update(db, user_id, session_id)
            if session is None:
                raise SessionNotFound
            if session.ended_at is not None:
                return None
            now = self._clock.now()
            session.end(now, reason)
            cause = Cause(actor, "user", reason)
            enqueued = await self._recorder.sessions_ended(db, now, user_id, [session_id], cause)
        return Act(enqueued, actor, str(session_id))

    async def end_all(self, user_id: UUID, cause: Cause, expect: Expectation = expect_anything) -> Act | None:
        """End every sign-on and every session of this user, and take back what they have allowed devices that have no
        session yet; None if there was nothing to end. Raises UserNotFound, and what `expect` raises of the user."""
        async with self._database.begin() as db:
            user = account_holder(await users.find_for_update(db, user_id))
            expect(user)
            now = self._clock.now()
            ended = await end_all(db, user_id, EndReason.ENDED_BY_ADMINISTRATOR, now)
            if not (ended.sign_on_ids or ended.session_ids):
                return None
            if ended.session_ids:
                user.raise_version()
            before = {"sessions": len(ended.session_ids), "sign_ons": len(ended.sign_on_ids)}
            after = dict.fromkeys(before, 0)
            record_act(db, cause, "user.sessions_ended", user_id, before=before, after=after)
            enqueued = await self._recorder.all_sessions_ended(db, now, user, ended, cause)
        return Act(enqueued, cause.actor, str(user_id))

    async def end_others(self, user_id: UUID, current: UUID) -> Act | None:
        """End every session of this user but the current one and those of its sign-on, and every other sign-on; None if
        no other session ends. Raises SessionEnded if the current one has ended meanwhile."""
        async with self._database.begin() as db:
            user = await users.find_for_update(db, user_id)
            session = await repository.find_for_update(db, user_id, current)
            now = self._clock.now()
            if user is None or session is None or not session.is_live(now):
                raise SessionEnded("the session ended while others were being ended")
            ended = await end_all(db, user_id, EndReason.ENDED_BY_OWNER, now, except_session=current)
            if ended.session_ids:
                user.raise_version()
            cause = by_user(user_id, EndReason.ENDED_BY_OWNER)
            enqueued = await self._recorder.all_sessions_ended(db, now, user, ended, cause)
        return Act(enqueued, cause.actor, str(user_id)) if ended.session_ids else None
