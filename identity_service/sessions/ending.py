"""Ending everything that a user has at once: the sign-ons of browsers, and the sessions of clients."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.ending import EndReason
from identity_service.recording.recorder import EndedSessions
from identity_service.sessions import repository
from identity_service.sign_ons import repository as sign_ons


async def end_all(
    db: AsyncSession,
    user_id: UUID,
    reason: EndReason,
    now: datetime,
    *,
    except_session: UUID | None = None,
    except_sign_on: UUID | None = None,
) -> EndedSessions:
    """End every sign-on and every session of this user, or all but these. The user must be locked. Returns what this
    call ended, for the recorder."""
    sign_on_ids = await sign_ons.end_all(db, user_id, reason, now, except_id=except_sign_on)
    session_ids = await repository.end_all(db, user_id, reason, now, except_id=except_session)
    return EndedSessions(session_ids, except_session, sign_on_ids)
