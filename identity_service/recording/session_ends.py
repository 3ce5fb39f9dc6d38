"""What is recorded of sessions and sign-ons that have ended, in the transaction in which they end."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.audit import repository as audit
from identity_service.logouts.enqueueing import Logouts
from identity_service.recording.cause import Cause
from identity_service.recording.values import EndedSessions
from identity_service.users.models import User
from watchword.events import types
from watchword.events.types import SecurityEvent


class SessionEnds:
    """Writes the audit rows and enqueues the logout tokens. The events are returned: they share a `txn` with those of
    what ended the sessions."""

    def __init__(self, issuer: str, logouts: Logouts) -> None:
        self._issuer = issuer
        self._logouts = logouts

    async def record_each(
        self, db: AsyncSession, now: datetime, user_id: UUID, session_ids: Collection[UUID], cause: Cause
    ) -> Sequence[SecurityEvent]:
        """Record these sessions, and give an event for each."""
        await self._record(db, user_id, session_ids, cause)
        return self._revoked(now, user_id, session_ids, cause)

    async def record_of_user(
        self, db: AsyncSession, now: datetime, user: User, ended: EndedSessions, cause: Cause
    ) -> Sequence[SecurityEvent]:
        """Record sessions and sign-ons of one user that have ended at once. One event revokes all sessions of the user
        but one; if several go on, there is an event for each that has ended."""
        if ended.sign_on_ids:
            await self.record_sign_ons(db, user.id, ended.sign_on_ids, cause)
        if not ended.session_ids:
            return ()
        await self._record(db, user.id, ended.session_ids, cause)
        if len(ended.except_ids) > 1:
            # The event that revokes all sessions can spare one.
            return self._revoked(now, user.id, ended.session_ids, cause)
        return (self._all_revoked(now, user, next(iter(ended.except_ids), None), cause),)

    async def record_sign_ons(
        self, db: AsyncSession, user_id: UUID, sign_on_ids: Collection[UUID], cause: Cause
    ) -> None:
        await audit.record_each(db, cause.actor, "sign_on.ended", sign_on_ids, user=str(user_id), why=cause.why)

    async def _record(self, db: AsyncSession, user_id: UUID, session_ids: Collection[UUID], cause: Cause) -> None:
        await audit.record_each(db, cause.actor, "session.ended", session_ids, user=str(user_id), why=cause.why)
        await self._logouts.enqueue(db, session_ids)

    def _revoked(
        self, now: datetime, user_id: UUID, session_ids: Collection[UUID], cause: Cause
    ) -> Sequence[SecurityEvent]:
        return [
            types.session_revoked(
                self._issuer, str(user_id), str(session_id), at=now, initiator=cause.entity, reason=cause.why
            )
            for session_id in session_ids
        ]

    def _all_revoked(self, now: datetime, user: User, except_id: UUID | None, cause: Cause) -> SecurityEvent:
        return types.all_sessions_revoked(
            self._issuer,
            str(user.id),
            user.version,
            except_sid=None if except_id is None else str(except_id),
            at=now,
            initiator=cause.entity,
            reason=cause.why,
        )
