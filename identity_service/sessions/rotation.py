"""Trading a refresh token in for its successor (RFC 9700 section 4.14.2)."""

import logging
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from identity_service.ending import EndReason
from identity_service.errors import RefreshTokenRefused
from identity_service.recording.recorder import Recorder
from identity_service.roles.models import RolesAndPermissions
from identity_service.sessions import policy, rotation_statements
from identity_service.sessions.ending import end_replayed
from identity_service.sessions.values import (
    IssuedRefreshToken,
    IssuedSession,
    Lifetimes,
    LockedSession,
    PresentedRefreshToken,
    SignOnOfSession,
)
from identity_service.sign_ons import repository as sign_ons
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.writes import WriteTransaction

logger = logging.getLogger("identity.sessions")


class Rotation:
    """Rotates the refresh tokens of all sessions. The time is read under the lock."""

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        lifetimes: Lifetimes,
        clock: Clock,
        *,
        ensure_mintable: Callable[[IssuedSession], None],
    ) -> None:
        self._database = database
        self._recorder = recorder
        self._lifetimes = lifetimes
        self._clock = clock
        # Called before the commit: an error raised here leaves no spent refresh token behind.
        self._ensure_mintable = ensure_mintable

    async def rotate(self, presented: PresentedRefreshToken) -> IssuedSession:
        """Trade a refresh token in for its successor.

        A retry within the window gets the unspent token of the session; a later use is a replay, which ends the session
        whatever else is requested. Raises RefreshTokenRefused, ScopeNotAllowed, AudienceNotAllowed, TokenTooLarge,
        NoSigningKey.
        """
        issued = None
        async with self._database.writes.begin() as db:
            locked = await _lock(db, presented)
            now = self._clock.now()
            policy.ensure_honoured(locked, presented, now)
            if not policy.is_replayed(locked, now, self._lifetimes.retry):
                issued = await self._issue(db, presented, locked, now)
        if issued is None:
            await self._end_replayed(locked.user.id, locked.session.id)
            raise RefreshTokenRefused("replayed; the session is ended")
        if locked.sign_on is not None:
            await self._note_use(locked.sign_on, now)
        return issued

    async def _issue(
        self, db: WriteTransaction, presented: PresentedRefreshToken, locked: LockedSession, now: datetime
    ) -> IssuedSession:
        # Before the token is spent: a caller who asks for too much may ask again.
        scopes = policy.requested_scopes(presented, locked.scopes)
        target = policy.narrow(presented, locked, scopes)
        token, roles = await self._next_token(db, presented, locked, now)
        issued = IssuedSession(locked.user, roles, locked.session, token, target, now, locked.authentication, scopes)
        self._ensure_mintable(issued)
        return issued

    async def _next_token(
        self, db: WriteTransaction, presented: PresentedRefreshToken, locked: LockedSession, now: datetime
    ) -> tuple[IssuedRefreshToken, RolesAndPermissions]:
        """The refresh token for the client, with the user's roles: the successor of the presented one, or at a retry
        the unspent one."""
        ids = {"user_id": locked.user.id, "session_id": locked.session.id}
        if locked.used_at is not None:
            row = await db.fetch_row(rotation_statements.UNSPENT, **ids)
        else:
            expires_at = policy.token_expires_at(now, self._lifetimes.refresh, locked.session.expires_at)
            successor = {"token_id": presented.token_id, "now": now, "expires_at": expires_at}
            row = await db.fetch_row(rotation_statements.TRADE_IN, **ids, **successor)
        assert row is not None  # noqa: S101 - a session has an unspent token, and an INSERT has a row
        return IssuedRefreshToken(*row[:3]), RolesAndPermissions(*row[3:])

    async def _note_use(self, sign_on: SignOnOfSession, now: datetime) -> None:
        """Note that the sign-on of a session was used. Called after the commit of the rotation, which holds locks that
        are taken after that of a sign-on."""
        lifetimes = self._lifetimes.sign_on
        if now - sign_on.last_seen_at < lifetimes.seen_every:
            return
        try:
            async with self._database.begin() as db:
                await sign_ons.note_use(db, sign_on.id, sign_on.created_at, now, lifetimes)
        except Exception:
            # The client must get the successor of a refresh token that is spent.
            logger.exception("a use of the sign-on %s was not noted", sign_on.id)

    async def _end_replayed(self, user_id: UUID, session_id: UUID) -> None:
        """End a session whose refresh token was replayed.

        This is a second transaction, a session of SQLAlchemy, because the recorder writes in one. That the token was
        spent too long ago stays true between the two; whether the session is live is checked again.
        """
        async with self._database.begin() as db:
            await end_replayed(db, self._recorder, user_id, session_id, reason=EndReason.REPLAY, clock=self._clock)


async def _lock(db: WriteTransaction, presented: PresentedRefreshToken) -> LockedSession:
    """The session of a refresh token, with its user and the token. Raises RefreshTokenRefused."""
    row = await db.fetch_row(rotation_statements.LOCK, user_id=presented.subject, token_id=presented.token_id)
    if row is None:
        raise RefreshTokenRefused("there is no such refresh token of such a user")
    return rotation_statements.locked_session_of(row)
