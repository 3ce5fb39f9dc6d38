"""The recorder: writes the audit row and the security events of a change, in the transaction of that change."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.audit import repository as audit
from identity_service.events import repository
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


class EndedSessions(NamedTuple):
    """The sessions of a user that have ended; all but one of them, if one goes on."""

    session_ids: Collection[UUID]
    except_id: UUID | None = None


class RoleChange(NamedTuple):
    """A role, and the version of the installation's roles since its change."""

    role: str
    version: int


class Recorder:
    """Records changes. It changes nothing itself; every method is called inside the transaction of the change."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    async def sessions_ended(
        self, db: AsyncSession, now: datetime, user_id: UUID, session_ids: Collection[UUID], cause: Cause
    ) -> None:
        """Record that these few sessions have ended, each with an event; receivers refuse their tokens."""
        await _audit_ended(db, user_id, session_ids, cause)
        revoked = [
            types.session_revoked(
                self._issuer, str(user_id), str(session_id), at=now, initiator=cause.entity, reason=cause.why
            )
            for session_id in session_ids
        ]
        await self._enqueue(db, now, *revoked)

    async def all_sessions_ended(
        self, db: AsyncSession, now: datetime, user: User, ended: EndedSessions, cause: Cause
    ) -> None:
        """Record that all sessions of the user have ended, with one event; receivers refuse tokens with a smaller
        version than `user.version`, except those of the session that goes on."""
        await _audit_ended(db, user.id, ended.session_ids, cause)
        revoked = types.all_sessions_revoked(
            self._issuer,
            str(user.id),
            user.version,
            except_sid=None if ended.except_id is None else str(ended.except_id),
            at=now,
            initiator=cause.entity,
            reason=cause.why,
        )
        await self._enqueue(db, now, revoked)

    async def claims_changed(
        self, db: AsyncSession, now: datetime, user: User, claims: Mapping[str, list[str]], cause: Cause
    ) -> None:
        """Record that these roles and permissions are the user's now; receivers refuse tokens with a smaller version
        than `user.version`."""
        audit.record(db, cause.actor, "user.roles_changed", user.id, roles=claims["roles"], why=cause.why)
        changed = types.token_claims_change(
            self._issuer, str(user.id), user.version, claims, at=now, initiator=cause.entity, reason=cause.why
        )
        await self._enqueue(db, now, changed)

    async def role_changed(
        self, db: AsyncSession, now: datetime, change: RoleChange, permissions: Collection[str], cause: Cause
    ) -> None:
        """Record that the role now has these permissions; receivers refuse older tokens that carry it."""
        audit.record(db, cause.actor, "role.changed", change.role, permissions=sorted(set(permissions)), why=cause.why)
        await self._enqueue_role(db, now, change, cause)

    async def role_deleted(self, db: AsyncSession, now: datetime, change: RoleChange, cause: Cause) -> None:
        """Record that the role was deleted; receivers refuse the tokens that carry it."""
        audit.record(db, cause.actor, "role.deleted", change.role, why=cause.why)
        await self._enqueue_role(db, now, change, cause)

    async def key_withdrawn(
        self, db: AsyncSession, now: datetime, kid: str, expires_at: datetime, cause: Cause
    ) -> None:
        """Record that a signing key was withdrawn; receivers refuse what it has signed, also when their copy of the
        JWKS still has it. `expires_at` is when its last token expires."""
        audit.record(db, cause.actor, "key.withdrawn", kid, why=cause.why)
        withdrawn = types.signing_key_withdrawn(
            self._issuer, kid, expires_at=expires_at, at=now, initiator=cause.entity, reason=cause.why
        )
        await self._enqueue(db, now, withdrawn)

    async def password_changed(
        self, db: AsyncSession, now: datetime, user: User, ended: EndedSessions, cause: Cause
    ) -> None:
        """Record that the password was changed, and that the other sessions of the user have ended because of it."""
        audit.record(db, cause.actor, "user.password_changed", user.id, why=cause.why)
        changed = types.password_change(
            self._issuer, str(user.id), "update", at=now, initiator=cause.entity, reason=cause.why
        )
        await self._enqueue(db, now, changed)
        if ended.session_ids:
            await self.all_sessions_ended(db, now, user, ended, cause)

    async def disabled(
        self, db: AsyncSession, now: datetime, user: User, ended_sessions: Collection[UUID], cause: Cause
    ) -> None:
        """Record that the account was disabled and that these sessions have ended because of it."""
        audit.record(db, cause.actor, "user.disabled", user.id, why=cause.why)
        await self._enqueue(db, now, types.account_disabled(self._issuer, str(user.id), user.version))
        if ended_sessions:
            await self.all_sessions_ended(db, now, user, EndedSessions(ended_sessions), cause)

    async def enabled(self, db: AsyncSession, now: datetime, user: User, cause: Cause) -> None:
        """Record that the account was enabled again."""
        audit.record(db, cause.actor, "user.enabled", user.id, why=cause.why)
        await self._enqueue(db, now, types.account_enabled(self._issuer, str(user.id), user.version))

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
        # A stream that is not polled would otherwise keep the names of the account.
        await repository.forget_user(db, str(user_id))
        purged = types.account_purged(self._issuer, str(user_id))
        receivers = await repository.enqueue(db, purged.type, _claims(purged, str(uuid4()), now))
        await repository.notify(db)
        return await deletions.insert(db, user_id, receivers)

    async def _enqueue_role(self, db: AsyncSession, now: datetime, change: RoleChange, cause: Cause) -> None:
        changed = types.role_changed(
            self._issuer, change.role, change.version, at=now, initiator=cause.entity, reason=cause.why
        )
        await self._enqueue(db, now, changed)

    async def _enqueue(self, db: AsyncSession, now: datetime, *events: SecurityEvent) -> None:
        """Put the events into every stream that requests them. They have one cause, so they share a `txn` (RFC 8417
        section 2.2)."""
        txn = str(uuid4())
        for event in events:
            await repository.enqueue(db, event.type, _claims(event, txn, now))
        if events:
            await repository.notify(db)


async def _audit_ended(db: AsyncSession, user_id: UUID, session_ids: Collection[UUID], cause: Cause) -> None:
    await audit.record_each(db, cause.actor, "session.ended", session_ids, user=str(user_id), why=cause.why)


def _claims(event: SecurityEvent, txn: str, now: datetime) -> dict[str, Any]:
    return {
        "txn": txn,
        "toe": int(now.timestamp()),
        "sub_id": dict(event.subject),
        "events": {event.type: dict(event.claims)},
    }
