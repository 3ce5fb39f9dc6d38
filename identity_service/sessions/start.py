"""Starting sessions."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.ending import MAX_ENDED_AT_ONCE, EndReason
from identity_service.errors import AccountChanged, PasswordNotEnough
from identity_service.recording.cause import Cause
from identity_service.recording.recorder import Recorder
from identity_service.roles import repository as roles
from identity_service.sessions import new_devices, repository, start_statements
from identity_service.sessions.insertion import SessionInsertion
from identity_service.sessions.new_device_letters import NewDeviceLetters
from identity_service.sessions.values import (
    IssuedSession,
    Lifetimes,
    SignInRequest,
    TokenUser,
)
from identity_service.users import repository as users
from identity_service.users.models import SignInUser
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.runners import SessionRunner, StatementRunner
from watchword.database.writes import WriteTransaction

_NO_LIMIT: Final = 2**31 - 1
_ACCOUNT_CHANGED: Final = "the account changed during sign-in"
_MUST_ADD_FACTOR: Final = "a role requires a second factor, and the account has none"


class SessionStart:
    """Starts sessions. The time is read under the lock."""

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        lifetimes: Lifetimes,
        clock: Clock,
        *,
        per_user: int,
        ensure_mintable: Callable[[IssuedSession], None],
        new_device_letters: NewDeviceLetters,
    ) -> None:
        """`per_user` is how many sessions a user may have."""
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._per_user = per_user
        self._insertion = SessionInsertion(lifetimes, clock, ensure_mintable)
        self._letters = new_device_letters

    async def start(self, user: SignInUser, new_hash: str | None, request: SignInRequest) -> IssuedSession:
        """Start a session for a user whose password was right; `new_hash` replaces an outdated hash of it. If the user
        has as many as are allowed, the one that was used longest ago ends. A letter tells of a device that the account
        did not know.

        Raises AccountChanged if the account, its password or whether it has a second factor changed while the password
        was verified; PasswordNotEnough if a role of the user requires one and the account has none; TokenTooLarge,
        NoSigningKey.
        """
        if new_hash is None and (issued := await self._start_alone(user, request)) is not None:
            return issued
        is_letter_due = await self._letters.is_due_for_session(user, request.device)
        return await self._start_with_changes(user, new_hash, request, is_letter_due=is_letter_due)

    async def start_if_room(self, db: StatementRunner, user: TokenUser, request: SignInRequest) -> IssuedSession | None:
        """Start a session for a user who was authenticated before; None, with nothing changed, if the user has as many
        as are allowed. The user and the sign-on of the request must be locked.

        Raises TokenTooLarge, NoSigningKey.
        """
        return await self._insertion.insert(db, user, request, most=self._per_user)

    async def start_with_room(self, db: AsyncSession, user: TokenUser, request: SignInRequest) -> IssuedSession:
        """Start a session, as `start_if_room` does. If the user has as many as are allowed, the one that was used
        longest ago ends."""
        await self._make_room(db, user.id, request.client_id, self._clock.now())
        issued = await self._insertion.insert(SessionRunner(db), user, request, most=_NO_LIMIT)
        assert issued is not None  # noqa: S101 - nobody has so many sessions
        return issued

    async def start_for(self, db: AsyncSession, user_id: UUID, request: SignInRequest) -> IssuedSession:
        """Start a session as `start_with_room` does, in a transaction that has not locked the user.

        Raises AccountChanged if the user may not sign in.
        """
        user = await users.lock_permitted(db, user_id)
        if user is None:
            raise AccountChanged("the user may not sign in")
        return await self.start_with_room(db, TokenUser(user.id, user.username, user.version), request)

    async def _start_alone(self, user: SignInUser, request: SignInRequest) -> IssuedSession | None:
        """Start a session and change nothing else; None, with nothing changed, if another session must end first, or if
        the account may not know the device."""
        async with self._database.writes.begin() as db:
            row = await db.fetch_row(start_statements.LOCK_UNCHANGED, **users.unchanged(user))
            if row is None:
                raise AccountChanged(_ACCOUNT_CHANGED)
            *locked, must_add_second_factor = row
            if must_add_second_factor:
                raise PasswordNotEnough(_MUST_ADD_FACTOR)
            return await self._insert_alone(db, user, TokenUser(*locked), request)

    async def _insert_alone(
        self, db: WriteTransaction, user: SignInUser, locked: TokenUser, request: SignInRequest
    ) -> IssuedSession | None:
        if not self._letters.can_send_to(user):
            return await self.start_if_room(db, locked, request)
        known = {"known_since": new_devices.known_since(self._clock.now()), "most": self._per_user}
        return await self._insertion.insert(db, locked, request, start_statements.START_ON_KNOWN_DEVICE, **known)

    async def _start_with_changes(
        self, user: SignInUser, new_hash: str | None, request: SignInRequest, *, is_letter_due: bool
    ) -> IssuedSession:
        """Start a session, and make the changes that go with it: another hash, the end of other sessions, a letter."""
        async with self._database.begin() as db:
            locked = await users.lock_unchanged(db, user)
            if locked is None:
                raise AccountChanged(_ACCOUNT_CHANGED)
            if await roles.must_add_now(db, locked.id):
                raise PasswordNotEnough(_MUST_ADD_FACTOR)
            now = self._clock.now()
            if new_hash is not None:
                locked.password_hash = new_hash
            if is_letter_due:
                await self._letters.send(db, user.id, request.device, now)
            return await self.start_with_room(db, TokenUser(locked.id, locked.username, locked.version), request)

    async def _make_room(self, db: AsyncSession, user_id: UUID, client_id: str, now: datetime) -> None:
        """Make room for one more session of this user."""
        ended = await repository.end_least_recent(db, user_id, self._per_user - 1, MAX_ENDED_AT_ONCE, now)
        if ended:
            cause = Cause(client_id, "policy", EndReason.TOO_MANY)
            await self._recorder.sessions_ended(db, now, user_id, ended, cause)
