"""Starting sessions, rotating their refresh tokens, ending them, and checking that they are live."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.clients.narrowing import audiences_within, scopes_within
from identity_service.errors import AccountChanged, RefreshTokenRefused, SessionEnded, SessionNotFound
from identity_service.recording.recorder import Cause, Recorder, by_user
from identity_service.roles import repository as roles
from identity_service.sessions import repository
from identity_service.sessions.models import EndReason, RefreshToken, Session
from identity_service.sessions.repository import TokenWithSession
from identity_service.sessions.values import IssuedSession, Lifetimes, PresentedRefreshToken, SignInRequest
from identity_service.users import repository as users
from identity_service.users.models import User
from watchword.clock import Clock
from watchword.database.database import Database


class Sessions:
    """The sessions of all users. Times are read within the transaction, and under the lock where one is taken."""

    def __init__(self, database: Database, recorder: Recorder, lifetimes: Lifetimes, clock: Clock) -> None:
        self._database = database
        self._recorder = recorder
        self._lifetimes = lifetimes
        self._clock = clock

    async def start(self, user: User, new_hash: str | None, request: SignInRequest) -> IssuedSession:
        """Start a session for a user whose password was right; `new_hash` replaces an outdated hash of it.

        Raises AccountChanged if the account or its password changed while the password was verified.
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
            session = self._new_session(locked.id, request, now)
            db.add(session)
            await db.flush()  # the refresh token names the session's id
            token = session.next_token(now, self._lifetimes.refresh)
            db.add(token)
            roles_now = await roles.of_user(db, user.id)
        return IssuedSession(locked, roles_now, session, token, request.scopes, request.audiences, now)

    async def rotate(self, presented: PresentedRefreshToken) -> IssuedSession:
        """Trade a refresh token for its successor (RFC 9700 section 4.14.2).

        A retry within the window gets the same successor again; a later use is a replay, which ends the session.
        Raises RefreshTokenRefused, ScopeNotAllowed, AudienceNotAllowed.
        """
        async with self._database.begin() as db:
            user, pair = await _lock_for_rotation(db, presented)
            now = self._clock.now()
            if not _is_honoured(user, pair, presented, now):
                raise RefreshTokenRefused("not a live session of an active user with this client")
            # Before the token is spent: a caller who asks for too much may ask again.
            scopes, audiences = _narrow(presented, pair.session)
            successor = await self._successor(db, pair, now)
            if successor is None:
                await self._end_replayed(db, pair.session, now)
            roles_now = await roles.of_user(db, user.id)
        # After the block, which has committed the end of the session.
        if successor is None:
            raise RefreshTokenRefused("replayed; the session is ended")
        return IssuedSession(user, roles_now, pair.session, successor, scopes, audiences, now)

    async def list_live(self, user_id: UUID) -> Sequence[Session]:
        """The live sessions of a user, the most recently seen first."""
        async with self._database.begin() as db:
            return await repository.list_live(db, user_id, self._clock.now())

    async def end(self, user_id: UUID, session_id: UUID, reason: EndReason, actor: str) -> None:
        """End one session of this user; ending it twice has no further effect. Raises SessionNotFound."""
        async with self._database.begin() as db:
            session = await repository.find_for_update(db, user_id, session_id)
            if session is None:
                raise SessionNotFound
            if session.ended_at is None:
                now = self._clock.now()
                session.end(now, reason)
                await self._recorder.sessions_ended(db, now, user_id, [session_id], Cause(actor, "user", reason))

    async def end_others(self, user_id: UUID, current: UUID) -> None:
        """End every session of this user but the current one."""
        async with self._database.begin() as db:
            now = self._clock.now()
            ended = await repository.end_all(db, user_id, EndReason.ENDED_BY_OWNER, now, except_id=current)
            await self._recorder.sessions_ended(db, now, user_id, ended, by_user(user_id, EndReason.ENDED_BY_OWNER))

    async def ensure_live(self, user_id: UUID, session_id: UUID, issued_at: datetime) -> None:
        """Raise SessionEnded unless this session of an active user is live and an access token of it that was issued
        at this time still says what is true."""
        if (refusal := await self._refusal(user_id, session_id, issued_at)) is not None:
            raise SessionEnded(refusal)

    async def is_live(self, user_id: UUID, session_id: UUID, issued_at: datetime) -> bool:
        """Whether `ensure_live` would let an access token pass."""
        return await self._refusal(user_id, session_id, issued_at) is None

    async def is_usable(self, token_id: UUID, user_id: UUID, session_id: UUID) -> bool:
        """Whether this refresh token of a live session has not been traded in yet."""
        if await self._refusal(user_id, session_id, None) is not None:
            return False
        async with self._database.begin() as db:
            return await repository.is_unused(db, token_id, session_id)

    async def _refusal(self, user_id: UUID, session_id: UUID, issued_at: datetime | None) -> str | None:
        """Why a token of this session is refused. `issued_at` is None for a refresh token: it names no roles, so no
        change of roles makes it outdated."""
        row = await self._database.reads.fetch_row(repository.LIVE, session_id=session_id, user_id=user_id)
        if row is None or row["expires_at"] <= self._clock.now():
            return "the session has ended, or the user is deleted or disabled"
        if issued_at is not None and issued_at.timestamp() < row["tokens_valid_from"]:
            return "issued before the roles changed"
        return None

    def _new_session(self, user_id: UUID, request: SignInRequest, now: datetime) -> Session:
        return Session(
            user_id=user_id,
            client_id=request.client_id,
            scopes=list(request.scopes),
            audiences=list(request.audiences),
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

    async def _successor(self, db: AsyncSession, pair: TokenWithSession, now: datetime) -> RefreshToken | None:
        """The token that the client gets: a fresh one, at a retry the same one again, None at a replay."""
        if pair.token.successor_id is None:
            successor = pair.session.next_token(now, self._lifetimes.refresh)
            db.add(successor)
            await db.flush()  # its id comes from the database
            pair.token.spend(successor, now)
            pair.session.last_seen_at = now
            return successor
        if pair.token.is_retried(now, self._lifetimes.retry):
            return await repository.get_token(db, pair.token.successor_id)
        return None

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


def _narrow(presented: PresentedRefreshToken, session: Session) -> tuple[list[str], list[str]]:
    """The scopes and audiences requested, out of those that the session began with and its client still may have."""
    scopes = [scope for scope in session.scopes if scope in presented.client.scopes]
    audiences = [audience for audience in session.audiences if audience in presented.client.audiences]
    return scopes_within(presented.scope, scopes), audiences_within(presented.resources, audiences)
