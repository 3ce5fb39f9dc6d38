"""Ending sign-ons with the sessions that come from them, and everything that a user has at once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.device_grants import repository as device_grants
from identity_service.ending import EndReason
from identity_service.errors import SessionNotFound
from identity_service.half_open_sign_ins import repository as half_open_sign_ins
from identity_service.recording.cause import Cause
from identity_service.recording.recorder import Recorder
from identity_service.recording.values import EndedSessions
from identity_service.sessions import repository
from identity_service.sessions.models import Session
from identity_service.sign_ons import repository as sign_ons
from identity_service.sign_ons.models import SignOn
from watchword.clock import Clock


async def lock_device(db: AsyncSession, user_id: UUID, session_id: UUID) -> SignOn | Session:
    """The sign-on that this session of the user comes from, or the session itself if it comes from none: what ends when
    the user ends this session. The row is locked until the transaction ends. Raises SessionNotFound."""
    # The session of a sign-on is locked after it, with the others.
    sign_on_id = await repository.find_sign_on_id(db, user_id, session_id)
    device: SignOn | Session | None
    if sign_on_id is not None:
        device = await sign_ons.find_of_user_for_update(db, user_id, sign_on_id)
    else:
        device = await repository.find_for_update(db, user_id, session_id)
    if device is None:
        raise SessionNotFound
    return device


async def end_device(db: AsyncSession, device: SignOn | Session, reason: EndReason, now: datetime) -> EndedSessions:
    """End a sign-on and every session of it, or a session alone. It must be locked. Returns what this call ended, for
    the recorder."""
    if isinstance(device, SignOn):
        return await end_sign_on(db, device, reason, now)
    session_ids = [device.id] if device.ended_at is None else []
    device.end(now, reason)
    return EndedSessions(session_ids)


async def end_sign_on(db: AsyncSession, sign_on: SignOn, reason: EndReason, now: datetime) -> EndedSessions:
    """End a sign-on and every session of it. The sign-on must be locked. Returns what this call ended, for the
    recorder: sessions of a sign-on that had ended too, since a process of the previous release leaves them."""
    sign_on_ids = [sign_on.id] if sign_on.ended_at is None else []
    sign_on.end(now, reason)
    session_ids = await repository.end_of_sign_ons(db, [sign_on.id], reason, now)
    return EndedSessions(session_ids, sign_on_ids=sign_on_ids)


async def end_least_recent_sign_ons(
    db: AsyncSession, user_id: UUID, keep: int, limit: int, now: datetime
) -> EndedSessions:
    """Of the live sign-ons of this user, end those that were used longest ago until `keep` are left, but no more than
    `limit`, and every session of them. The user must be locked. Returns what this call ended, for the recorder."""
    sign_on_ids = await sign_ons.end_least_recent(db, user_id, keep, limit, now)
    session_ids = await repository.end_of_sign_ons(db, sign_on_ids, EndReason.TOO_MANY, now) if sign_on_ids else ()
    return EndedSessions(session_ids, sign_on_ids=sign_on_ids)


async def end_replayed(
    db: AsyncSession, recorder: Recorder, user_id: UUID, session_id: UUID, *, reason: EndReason, clock: Clock
) -> None:
    """End a session because a token or a code that leads to it was presented again, and record it. A thief and the
    owner both have that token or code, and nothing tells which of them presents it. Do nothing if the session is not
    live."""
    session = await repository.find_for_update(db, user_id, session_id)
    now = clock.now()
    if session is None or not session.is_live(now):
        return
    session.end(now, reason)
    await recorder.sessions_ended(db, now, user_id, [session_id], Cause(session.client_id, "policy", reason))


async def end_all(
    db: AsyncSession,
    user_id: UUID,
    reason: EndReason,
    now: datetime,
    *,
    except_session: UUID | None = None,
    except_sign_on: UUID | None = None,
) -> EndedSessions:
    """End every sign-on and every session of this user: or all but a session, the sign-on that it comes from and the
    other sessions of that, which are on the same device; or all but a sign-on and its sessions. What the user has
    allowed devices that have no session yet is taken back, and sign-ins that lack their second factor are over. The
    user must be locked. Returns what this call ended, for the recorder."""
    if except_session is not None:
        except_sign_on = await repository.find_sign_on_id(db, user_id, except_session)
    sign_on_ids = await sign_ons.end_all(db, user_id, reason, now, except_id=except_sign_on)
    await device_grants.withdraw(db, user_id)
    await half_open_sign_ins.delete_all(db, user_id)
    except_ids: set[UUID] = {except_session} if except_session is not None else set()
    if except_sign_on is not None:
        except_ids.update(await repository.ids_of_live(db, except_sign_on, now))
    session_ids = await repository.end_all(db, user_id, reason, now, except_ids=except_ids)
    return EndedSessions(session_ids, except_ids, sign_on_ids)
