"""The recorder: writes the audit row and the security events of a change, in the transaction of that change."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.audit import repository as audit
from identity_service.events import repository
from identity_service.roles.models import RolesAndPermissions
from identity_service.users import deletions
from identity_service.users.models import User
from watchword.events import types
from watchword.events.types import SecurityEvent


@dataclass(frozen=True, slots=True)
class Cause:
    """Who made a change and why: `actor` is a user's id, a client's id or a name, `entity` is CAEP's
    `initiating_entity` (section 2)."""

    actor: str
    entity: str
    why: str


def by_user(user_id: UUID, why: str) -> Cause:
    return Cause(str(user_id), "user", why)


BY_COMMAND_LINE = Cause("command line", "admin", "an administrator's command")


class Recorder:
    """Records changes. It changes nothing itself; every method is called inside the transaction of the change."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    async def sessions_ended(
        self, db: AsyncSession, now: datetime, user_id: UUID, session_ids: Iterable[UUID], cause: Cause
    ) -> None:
        """Record that these sessions have ended; receivers refuse their tokens."""
        events = []
        for session_id in session_ids:
            audit.record(db, cause.actor, "session.ended", session_id, user=str(user_id), why=cause.why)
            revoked = types.session_revoked(
                self._issuer, str(user_id), str(session_id), at=now, initiator=cause.entity, reason=cause.why
            )
            events.append(revoked)
        await self._enqueue(db, now, *events)

    async def claims_changed(
        self, db: AsyncSession, now: datetime, user: User, roles: RolesAndPermissions, cause: Cause
    ) -> None:
        """Record that the user now has these roles; receivers refuse tokens from before `user.tokens_valid_from`."""
        claims = {"roles": roles.roles, "permissions": roles.permissions}
        audit.record(db, cause.actor, "user.roles_changed", user.id, roles=roles.roles, why=cause.why)
        changed = types.token_claims_change(
            self._issuer, str(user.id), user.tokens_valid_from, claims, initiator=cause.entity, reason=cause.why
        )
        await self._enqueue(db, now, changed)

    async def password_changed(
        self, db: AsyncSession, now: datetime, user_id: UUID, ended_sessions: Iterable[UUID], cause: Cause
    ) -> None:
        """Record that the password was changed and that these sessions have ended because of it."""
        audit.record(db, cause.actor, "user.password_changed", user_id, why=cause.why)
        changed = types.password_change(
            self._issuer, str(user_id), "update", at=now, initiator=cause.entity, reason=cause.why
        )
        await self._enqueue(db, now, changed)
        await self.sessions_ended(db, now, user_id, ended_sessions, cause)

    async def disabled(
        self, db: AsyncSession, now: datetime, user_id: UUID, ended_sessions: Iterable[UUID], cause: Cause
    ) -> None:
        """Record that the account was disabled and that these sessions have ended because of it."""
        audit.record(db, cause.actor, "user.disabled", user_id, why=cause.why)
        await self._enqueue(db, now, types.account_disabled(self._issuer, str(user_id)))
        await self.sessions_ended(db, now, user_id, ended_sessions, cause)

    async def enabled(self, db: AsyncSession, now: datetime, user_id: UUID, cause: Cause) -> None:
        """Record that the account was enabled again."""
        audit.record(db, cause.actor, "user.enabled", user_id, why=cause.why)
        await self._enqueue(db, now, types.account_enabled(self._issuer, str(user_id)))

    async def renamed(self, db: AsyncSession, now: datetime, user_id: UUID, username: str, cause: Cause) -> None:
        """Record that the user has this username; receivers update what they show."""
        # Without the name: the audit outlives the account.
        audit.record(db, cause.actor, "user.renamed", user_id)
        await self._enqueue(db, now, types.identifier_changed(self._issuer, str(user_id), username))

    def full_name_changed(self, db: AsyncSession, user_id: UUID, cause: Cause) -> None:
        """Record that the full name was changed. No receiver knows it, so there is no event."""
        # Without the name: the audit outlives the account.
        audit.record(db, cause.actor, "user.full_name_changed", user_id)

    async def deleted(self, db: AsyncSession, now: datetime, user_id: UUID, cause: Cause) -> UUID:
        """Record that the account was deleted; returns the receipt with which its erasure elsewhere can be watched."""
        audit.record(db, cause.actor, "user.deleted", user_id, why=cause.why)
        # A stream may not be polled for long, and would keep what the account was called until it is.
        await repository.forget_user(db, str(user_id))
        purged = types.account_purged(self._issuer, str(user_id))
        receivers = await repository.enqueue(db, purged.type, _claims(purged, str(uuid4()), now))
        await repository.notify(db)
        return await deletions.insert(db, user_id, receivers)

    async def _enqueue(self, db: AsyncSession, now: datetime, *events: SecurityEvent) -> None:
        """Put the events into every stream that requests them. They have one cause, so they share a `txn` (RFC 8417
        section 2.2)."""
        txn = str(uuid4())
        for event in events:
            await repository.enqueue(db, event.type, _claims(event, txn, now))
        if events:
            await repository.notify(db)


def _claims(event: SecurityEvent, txn: str, now: datetime) -> dict[str, Any]:
    return {
        "txn": txn,
        "toe": int(now.timestamp()),
        "sub_id": dict(event.subject),
        "events": {event.type: dict(event.claims)},
    }
