"""Starting sessions."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authentications import Authentication, by_password
from identity_service.devices import Device
from identity_service.ending import MAX_ENDED_AT_ONCE, EndReason
from identity_service.errors import AccountChanged
from identity_service.recording.recorder import Cause, Recorder
from identity_service.roles.models import RolesAndPermissions
from identity_service.sessions import new_devices, policy, repository, start_statements
from identity_service.sessions.new_device_letters import NewDeviceLetters
from identity_service.sessions.values import (
    IssuedRefreshToken,
    IssuedSession,
    Lifetimes,
    SignInRequest,
    TokenSession,
    TokenUser,
)
from identity_service.sign_ons import repository as sign_ons
from identity_service.sign_ons.models import SignOn
from identity_service.users import repository as users
from identity_service.users.models import SignInUser, User
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.writes import WriteTransaction

_NO_LIMIT: Final = 2**31 - 1
_ACCOUNT_CHANGED: Final = "the account changed during sign-in"


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
        self._lifetimes = lifetimes
        self._clock = clock
        self._per_user = per_user
        # Called before the commit: an error raised here leaves no session behind.
        self._ensure_mintable = ensure_mintable
        self._letters = new_device_letters

    async def start(self, user: SignInUser, new_hash: str | None, request: SignInRequest) -> IssuedSession:
        """Start a session for a user whose password was right; `new_hash` replaces an outdated hash of it. If the user
        has as many as are allowed, the one that was used longest ago ends. A letter tells of a device that the account
        did not know.

        Raises AccountChanged if the account or its password changed while the password was verified; TokenTooLarge,
        NoSigningKey.
        """
        issued = None
        if new_hash is None:
            issued = await self._start_alone(user, request)
        if issued is not None:
            return issued
        is_letter_due = await self._letters.is_due_for_session(user, request.device)
        return await self._start_with_changes(user, new_hash, request, is_letter_due=is_letter_due)

    async def _start_alone(self, user: SignInUser, request: SignInRequest) -> IssuedSession | None:
        """Start a session and change nothing else; None, with nothing changed, if another session must end first, or if
        the account may not know the device."""
        async with self._database.writes.begin() as db:
            locked = await db.fetch_row(users.LOCK_UNCHANGED, user_id=user.id, password_hash=user.password_hash)
            if locked is None:
                raise AccountChanged(_ACCOUNT_CHANGED)
            values = self._values(user.id, request)
            row = await self._insert_alone(db, user, values)
            if row is None:
                return None
            issued = _issued(TokenUser(*locked), row, values, request)
            self._ensure_mintable(issued)
        return issued

    async def _insert_alone(
        self, db: WriteTransaction, user: SignInUser, values: dict[str, Any]
    ) -> asyncpg.Record | None:
        if not self._letters.can_send_to(user):
            return await db.fetch_row(start_statements.START, **values, most=self._per_user)
        since = new_devices.known_since(values["created_at"])
        statement = start_statements.START_ON_KNOWN_DEVICE
        return await db.fetch_row(statement, **values, most=self._per_user, known_since=since)

    async def _start_with_changes(
        self, user: SignInUser, new_hash: str | None, request: SignInRequest, *, is_letter_due: bool
    ) -> IssuedSession:
        """Start a session, and make the changes that go with it: another hash, the end of other sessions, a letter."""
        async with self._database.begin() as db:
            locked = await users.lock_unchanged(db, user)
            if locked is None:
                raise AccountChanged(_ACCOUNT_CHANGED)
            values = self._values(user.id, request)
            now = values["created_at"]
            if new_hash is not None:
                locked.password_hash = new_hash
            await self._make_room(db, user.id, request.client_id, now)
            if is_letter_due:
                await self._letters.send(db, user.id, request.device, now)
            return await self._insert(db, locked, request, values)

    async def start_for(self, db: AsyncSession, user_id: UUID, request: SignInRequest) -> IssuedSession:
        """Start a session for a user who was authenticated before, in a transaction that has locked neither the user
        nor the sign-on. If the user has as many as are allowed, the one that was used longest ago ends.

        Raises AccountChanged if the user may not sign in, or if the sign-on of the request is over; TokenTooLarge,
        NoSigningKey.
        """
        user = await users.lock_permitted(db, user_id)
        if user is None:
            raise AccountChanged("the user may not sign in")
        sign_on = None
        if request.sign_on_id is not None:
            sign_on = await sign_ons.find_of_user_for_update(db, user_id, request.sign_on_id)
            if sign_on is None or not sign_on.is_live(self._clock.now()):
                raise AccountChanged("the sign-on is over")
        values = self._values(user_id, request, sign_on)
        await self._make_room(db, user_id, request.client_id, values["created_at"])
        return await self._insert(db, user, request, values)

    async def _insert(
        self, db: AsyncSession, user: User, request: SignInRequest, values: dict[str, Any]
    ) -> IssuedSession:
        """Insert the session. The user must be locked."""
        row = (await db.execute(start_statements.INSERT, {**values, "most": _NO_LIMIT})).one()
        issued = _issued(TokenUser(user.id, user.username, user.version), row, values, request)
        self._ensure_mintable(issued)
        return issued

    def _values(self, user_id: UUID, request: SignInRequest, sign_on: SignOn | None = None) -> dict[str, Any]:
        """The arguments of the statement that inserts the session. The user and the sign-on must be locked."""
        now = self._clock.now()
        expires_at = now + self._lifetimes.session
        if sign_on is not None:
            expires_at = min(expires_at, sign_on.created_at + self._lifetimes.sign_on.longest)
        authentication = request.authentication or by_password(now)
        # The person's: a code may be traded in by a server of the client.
        device = request.device if sign_on is None else Device(sign_on.device, sign_on.address)
        return {
            "user_id": user_id,
            "client_id": request.client_id,
            "scopes": list(request.scopes),
            "audiences": list(request.audiences),
            "audience": request.target.audience,
            "names_scopes": request.names_scopes,
            "sign_on_id": request.sign_on_id,
            "authenticated_at": authentication.at,
            "acr": authentication.acr,
            "amr": list(authentication.amr),
            "device": device.description,
            "address": device.address,
            "created_at": now,
            "expires_at": expires_at,
            "token_expires_at": policy.token_expires_at(now, self._lifetimes.refresh, expires_at),
            "gives_refresh_token": request.gives_refresh_token,
        }

    async def _make_room(self, db: AsyncSession, user_id: UUID, client_id: str, now: datetime) -> None:
        """Make room for one more session of this user."""
        ended = await repository.end_least_recent(db, user_id, self._per_user - 1, MAX_ENDED_AT_ONCE, now)
        if ended:
            cause = Cause(client_id, "policy", EndReason.TOO_MANY)
            await self._recorder.sessions_ended(db, now, user_id, ended, cause)


def _issued(user: TokenUser, row: Iterable[Any], values: Mapping[str, Any], request: SignInRequest) -> IssuedSession:
    """The session that the statement has inserted: `row` is what it returned, `values` are its arguments."""
    session_id, token_id, *roles = row
    now = values["created_at"]
    session = TokenSession(session_id, values["client_id"], values["expires_at"])
    token = IssuedRefreshToken(token_id, now, values["token_expires_at"]) if token_id is not None else None
    authentication = Authentication(values["authenticated_at"], values["acr"], values["amr"])
    return IssuedSession(
        user,
        RolesAndPermissions(*roles),
        session,
        token,
        request.target,
        now,
        authentication,
        request.scopes,
        request.nonce,
    )
