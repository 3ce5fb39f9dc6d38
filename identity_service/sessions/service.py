"""Beginning a session, keeping it with refresh tokens, and telling whether it is still there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from identity_service.clients.models import Client
from identity_service.clients.service import audiences_within, scopes_within
from identity_service.errors import SessionNotFound
from identity_service.oauth.errors import AccountChanged, InvalidGrant
from identity_service.recording.recorder import Cause, Recorder, by_user
from identity_service.roles import repository as roles
from identity_service.roles.repository import RolesAndPermissions
from identity_service.sessions import repository
from identity_service.sessions.models import EndReason, RefreshToken, Session
from identity_service.users import repository as users
from identity_service.users.models import User
from watchword.auth import InvalidToken
from watchword.database.database import Database

# A refresh token says nothing of roles, so that it is never out of date by them.
_FOR_EVER = 1e12


@dataclass(frozen=True, slots=True)
class Lifetimes:
    access: timedelta
    refresh: timedelta
    session: timedelta
    retry: timedelta


@dataclass(frozen=True, slots=True)
class Grant:
    """Everything that the tokens of one session are minted from."""

    user: User
    granted: RolesAndPermissions
    session: Session
    refresh_token: RefreshToken
    scopes: Sequence[str]
    audiences: Sequence[str]


@dataclass(frozen=True, slots=True)
class PresentedRefreshToken:
    """A refresh token whose signature, issuer and time are good, and what is asked for with it."""

    token_id: UUID
    subject: UUID
    client: Client
    scope: str | None
    resources: Sequence[str]


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """For which client, what and from where somebody signs in."""

    client_id: str
    scopes: Sequence[str]
    audiences: Sequence[str]
    device: str | None
    address: str | None


async def begin(
    database: Database, user: User, new_hash: str | None, asked: SignInRequest, lifetimes: Lifetimes, now: datetime
) -> Grant:
    """Sign a user in whose password was right. `new_hash` replaces an outdated hash of it.

    Raises AccountChanged where the account or its password changed while the password was judged.
    """
    session = Session(
        user_id=user.id,
        client_id=asked.client_id,
        scopes=list(asked.scopes),
        audiences=list(asked.audiences),
        device=asked.device,
        address=asked.address,
        created_at=now,
        last_seen_at=now,
        expires_at=now + lifetimes.session,
    )
    async with database.begin() as db:
        locked = await users.find_for_update(db, user.id)
        if locked is None or not locked.is_active or locked.password_hash != user.password_hash:
            raise AccountChanged("the account changed during sign-in")
        if new_hash is not None:
            locked.password_hash = new_hash
        db.add(session)
        await db.flush()  # the refresh token names the session's id
        refresh_token = _link(session, lifetimes, now)
        db.add(refresh_token)
        granted = await roles.granted_to(db, user.id)
    return Grant(locked, granted, session, refresh_token, asked.scopes, asked.audiences)


async def rotate(
    database: Database, recorder: Recorder, presented: PresentedRefreshToken, lifetimes: Lifetimes, now: datetime
) -> Grant:
    """Trade a refresh token for its successor; the same one again for a retry; a replay ends the session.

    RFC 9700 section 4.14.2. Raises InvalidGrant, after what it must leave behind is committed.
    """
    async with database.begin() as db:
        user = await users.find_for_share(db, presented.subject)
        link = await repository.find_for_rotation(db, presented.token_id)
        if user is None or link is None or not _is_honoured(user, link, presented, now):
            raise InvalidGrant("not a live session of an active user with this client")
        # Judged before the token is spent: who asks for too much may ask again.
        scopes = scopes_within(presented.scope, _still(link.session.scopes, presented.client.scopes))
        audiences = audiences_within(presented.resources, _still(link.session.audiences, presented.client.audiences))
        successor: RefreshToken | None
        if link.token.successor_id is None:
            successor = _link(link.session, lifetimes, now)
            db.add(successor)
            await db.flush()  # its id comes from the database
            link.token.used_at = now
            link.token.successor_id = successor.id
            link.session.last_seen_at = now
        elif link.token.is_retried(now, lifetimes.retry):
            successor = await repository.get_token(db, link.token.successor_id)
        else:
            # Thief and owner both hold it, and nothing tells us which is which.
            link.session.end(now, EndReason.REPLAY)
            cause = Cause(presented.client.id, "policy", EndReason.REPLAY)
            await recorder.sessions_ended(db, now, user.id, [link.session.id], cause)
            successor = None
        granted = await roles.granted_to(db, user.id)
    if successor is None:
        raise InvalidGrant("replayed; the session is ended")
    return Grant(user, granted, link.session, successor, scopes, audiences)


async def list_sessions(database: Database, user_id: UUID, now: datetime) -> Sequence[Session]:
    """The live sessions of a user, the most recently seen first."""
    async with database.begin() as db:
        return await repository.live_of(db, user_id, now)


async def end(
    database: Database,
    recorder: Recorder,
    user_id: UUID,
    session_id: UUID,
    reason: EndReason,
    actor: str,
    now: datetime,
) -> None:
    """End one session of this user. Twice is once. Raises SessionNotFound where it is not theirs."""
    async with database.begin() as db:
        session = await repository.find_for_update(db, user_id, session_id)
        if session is None:
            raise SessionNotFound
        if session.ended_at is None:
            session.end(now, reason)
            await recorder.sessions_ended(db, now, user_id, [session_id], Cause(actor, "user", reason))


async def end_others(database: Database, recorder: Recorder, user_id: UUID, kept: UUID, now: datetime) -> None:
    """End every session of this user but one."""
    async with database.begin() as db:
        ended = await repository.end_all(db, user_id, EndReason.ENDED_BY_OWNER, now, but=kept)
        await recorder.sessions_ended(db, now, user_id, ended, by_user(user_id, EndReason.ENDED_BY_OWNER))


async def ensure_live(database: Database, user_id: UUID, session_id: UUID, issued_at: float, now: datetime) -> None:
    """Raise InvalidToken unless this is a session of an active user that has not ended, and the token of the session
    says what is so."""
    row = await database.reads.fetch_row(repository.LIVE, session_id=session_id, user_id=user_id)
    if row is None or row["expires_at"] <= now:
        raise InvalidToken("the session has ended, or the user is gone or disabled")
    if issued_at < row["tokens_valid_from"]:
        raise InvalidToken("issued before the roles changed")


async def is_usable(database: Database, token_id: UUID, user_id: UUID, session_id: UUID, now: datetime) -> bool:
    """Whether a refresh token of a live session has not been traded in yet. Raises InvalidToken as `ensure_live`."""
    await ensure_live(database, user_id, session_id, now.timestamp() + _FOR_EVER, now)
    async with database.begin() as db:
        return await repository.is_unused(db, token_id, session_id)


def _still(had: Sequence[str], allowed: Sequence[str]) -> list[str]:
    """What the session has had and its client may still ask for."""
    return [one for one in had if one in allowed]


def _is_honoured(
    user: User, link: repository.TokenWithSession, presented: PresentedRefreshToken, now: datetime
) -> bool:
    return (
        user.is_active
        and link.session.user_id == user.id
        and link.session.client_id == presented.client.id
        and link.session.is_live(now)
        and now < link.token.expires_at
    )


def _link(session: Session, lifetimes: Lifetimes, now: datetime) -> RefreshToken:
    expires_at = min(now + lifetimes.refresh, session.expires_at)
    return RefreshToken(session_id=session.id, issued_at=now, expires_at=expires_at)
