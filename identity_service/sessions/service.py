"""Starting sessions, rotating their refresh tokens, and ending them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.errors import AccountChanged, RefreshTokenRefused, SessionEnded, SessionNotFound
from identity_service.obedience.models import Act
from identity_service.recording.recorder import Cause, EndedSessions, Recorder, by_user
from identity_service.roles import repository as roles
from identity_service.sessions import policy, repository
from identity_service.sessions.models import EndReason, RefreshToken, Session
from identity_service.sessions.repository import TokenWithSession
from identity_service.sessions.values import IssuedSession, Lifetimes, PresentedRefreshToken, SignInRequest
from identity_service.users import repository as users
from identity_service.users.models import User
from watchword.clock import Clock
from watchword.database.database import Database

MAX_ENDED_AT_ONCE: Final = 10
"""How many sessions beyond the limit one sign-in ends. Each of them is an event, and an account can have thousands if
the limit was raised or there was none."""


class Sessions:
    """The sessions of all users. Times are read within the transaction, and under the lock where one is taken."""

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        lifetimes: Lifetimes,
        clock: Clock,
        *,
        per_user: int,
        ensure_mintable: Callable[[IssuedSession], None],
    ) -> None:
        """`per_user` is how many sessions a user may have."""
        self._database = database
        self._recorder = recorder
        self._lifetimes = lifetimes
        self._clock = clock
        self._per_user = per_user
        # Called before a commit: an error raised here leaves neither a session nor a spent refresh token behind.
        self._ensure_mintable = ensure_mintable

    async def start(self, user: User, new_hash: str | None, request: SignInRequest) -> IssuedSession:
        """Start a session for a user whose password was right; `new_hash` replaces an outdated hash of it. If the user
        has as many as are allowed, the one that was used longest ago ends.

        Raises AccountChanged if the account or its password changed while the password was verified; TokenTooLarge,
        NoSigningKey.
        """
        async with self._database.begin() as db:
            locked = await users.find_for_update(db, user.id)
            if locked is None or not locked.is_active or locked.password_hash != user.password_hash:
                raise AccountChanged("the account changed during sign-in")
            now = self._clock.now()
            if new_hash is not None:
                locked.password_hash = new_hash
            if request.previous is not None:
                await self._end_previous(db, request.previous, now)
            await self._make_room(db, locked.id, request.client_id, now)
            session = self._new_session(locked.id, request, now)
            db.add(session)
            await db.flush()  # the refresh token names the session's id
            token = session.next_token(now, self._lifetimes.refresh)
            db.add(token)
            roles_now = await roles.of_user(db, user.id)
            issued = IssuedSession(locked, roles_now, session, token, request.target, now)
            self._ensure_mintable(issued)
        return issued

    async def rotate(self, presented: PresentedRefreshToken) -> IssuedSession:
        """Trade a refresh token for its successor (RFC 9700 section 4.14.2).

        A retry within the window gets the unspent token of the session; a later use is a replay, which ends the session
        whatever else is requested. Raises RefreshTokenRefused, ScopeNotAllowed, AudienceNotAllowed, TokenTooLarge,
        NoSigningKey.
        """
        async with self._database.begin() as db:
            user, pair = await _lock_for_rotation(db, presented)
            now = self._clock.now()
            if not _is_honoured(user, pair, presented, now):
                raise RefreshTokenRefused("not a live session of an active user with this client")
            is_replayed = pair.token.used_at is not None and not pair.token.is_retried(now, self._lifetimes.retry)
            if is_replayed:
                await self._end_replayed(db, pair.session, now)
                issued = None
            else:
                # Before the token is spent: a caller who asks for too much may ask again.
                target = policy.narrow(presented, pair.session)
                refresh_token = await self._next_token(db, pair, now)
                roles_now = await roles.of_user(db, user.id)
                issued = IssuedSession(user, roles_now, pair.session, refresh_token, target, now)
                self._ensure_mintable(issued)
        # After the block, which has committed the end of the session.
        if issued is None:
            raise RefreshTokenRefused("replayed; the session is ended")
        return issued

    async def list_live(self, user_id: UUID) -> Sequence[Session]:
        """The live sessions of a user, the most recently seen first."""
        async with self._database.begin() as db:
            return await repository.list_live(db, user_id, self._clock.now())

    async def end(self, user_id: UUID, session_id: UUID, reason: EndReason, actor: str) -> Act | None:
        """End one session of this user; None if it has ended before. Raises SessionNotFound."""
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

    async def end_others(self, user_id: UUID, current: UUID) -> Act | None:
        """End every session of this user but the current one; None if there is no other. Raises SessionEnded if the
        current one has ended meanwhile."""
        async with self._database.begin() as db:
            user = await users.find_for_update(db, user_id)
            session = await repository.find_for_update(db, user_id, current)
            now = self._clock.now()
            if user is None or session is None or not session.is_live(now):
                raise SessionEnded("the session ended while others were being ended")
            ended = await repository.end_all(db, user_id, EndReason.ENDED_BY_OWNER, now, except_id=current)
            if not ended:
                return None
            user.raise_version()
            cause = by_user(user_id, EndReason.ENDED_BY_OWNER)
            enqueued = await self._recorder.all_sessions_ended(db, now, user, EndedSessions(ended, current), cause)
        return Act(enqueued, cause.actor, str(user_id))

    def _new_session(self, user_id: UUID, request: SignInRequest, now: datetime) -> Session:
        return Session(
            user_id=user_id,
            client_id=request.client_id,
            scopes=list(request.scopes),
            audiences=list(request.audiences),
            audience=request.target.audience,
            names_scopes=request.names_scopes,
            device=request.device.description,
            address=request.device.address,
            created_at=now,
            last_seen_at=now,
            expires_at=now + self._lifetimes.session,
        )

    async def _end_previous(self, db: AsyncSession, previous: PresentedRefreshToken, now: datetime) -> None:
        """End the session of this refresh token, which may be another user's; do nothing if it is not live."""
        pair = await repository.find_for_rotation(db, previous.token_id)
        if pair is None or not pair.session.is_live(now) or pair.session.user_id != previous.subject:
            return
        pair.session.end(now, EndReason.REPLACED)
        cause = by_user(pair.session.user_id, EndReason.REPLACED)
        await self._recorder.sessions_ended(db, now, pair.session.user_id, [pair.session.id], cause)

    async def _make_room(self, db: AsyncSession, user_id: UUID, client_id: str, now: datetime) -> None:
        """Make room for one more session of this user."""
        ended = await repository.end_least_recent(db, user_id, self._per_user - 1, MAX_ENDED_AT_ONCE, now)
        if ended:
            cause = Cause(client_id, "policy", EndReason.TOO_MANY)
            await self._recorder.sessions_ended(db, now, user_id, ended, cause)

    async def _next_token(self, db: AsyncSession, pair: TokenWithSession, now: datetime) -> RefreshToken:
        """The refresh token for the client: the successor of the presented one, or at a retry the unspent one."""
        if pair.token.used_at is not None:
            return await repository.get_unspent(db, pair.session.id)
        successor = pair.session.next_token(now, self._lifetimes.refresh)
        db.add(successor)
        await db.flush()  # its id comes from the database
        pair.token.spend(successor, now)
        pair.session.last_seen_at = now
        return successor

    async def _end_replayed(self, db: AsyncSession, session: Session, now: datetime) -> None:
        """End a session whose refresh token was replayed: a thief and the owner both hold it, and nothing tells which
        of them presents it."""
        session.end(now, EndReason.REPLAY)
        cause = Cause(session.client_id, "policy", EndReason.REPLAY)
        await self._recorder.sessions_ended(db, now, session.user_id, [session.id], cause)


async def _lock_for_rotation(db: AsyncSession, presented: PresentedRefreshToken) -> tuple[User, TokenWithSession]:
    """The user in share mode, then the session and the token for update. Raises RefreshTokenRefused."""
    user = await users.find_for_share(db, presented.subject)
    pair = await repository.find_for_rotation(db, presented.token_id)
    if user is None or pair is None:
        raise RefreshTokenRefused("there is no such user or refresh token")
    return user, pair


def _is_honoured(user: User, pair: TokenWithSession, presented: PresentedRefreshToken, now: datetime) -> bool:
    return (
        user.is_active
        and pair.session.user_id == user.id
        and pair.session.client_id == presented.client.id
        and pair.session.is_live(now)
        and now < pair.token.expires_at
    )
