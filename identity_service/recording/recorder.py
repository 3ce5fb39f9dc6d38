"""Recording what happened in the transaction in which it happens: the audit row, and the events for every stream."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.audit import repository as audit
from identity_service.events import repository
from identity_service.roles.repository import RolesAndPermissions
from identity_service.users import deletions
from identity_service.users.models import User
from watchword.clock import Clock
from watchword.events import types
from watchword.events.types import SecurityEvent

CLOCK_ALLOWANCE_SECONDS = 2
"""How much the clocks of replicas may differ, and a token still be told from one of before a change."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Who did it (`actor`: a user's id, a client's, or a name), as whom (CAEP section 2), and why."""

    actor: str
    entity: str
    why: str


def by_user(user_id: UUID, why: str) -> Cause:
    return Cause(str(user_id), "user", why)


BY_COMMAND_LINE = Cause("command line", "admin", "an administrator's command")


class Recorder:
    """Every method is to be called inside the transaction of the change that it records."""

    def __init__(self, issuer: str, clock: Clock) -> None:
        self._issuer = issuer
        self._clock = clock

    async def sessions_ended(
        self, db: AsyncSession, now: datetime, user_id: UUID, session_ids: Iterable[UUID], cause: Cause
    ) -> None:
        """No token of these sessions is good any more."""
        events = []
        for session_id in session_ids:
            audit.record(db, cause.actor, "session.ended", session_id, user=str(user_id), why=cause.why)
            revoked = types.session_revoked(self._issuer, str(user_id), str(session_id), now, cause.entity, cause.why)
            events.append(revoked)
        await self._tell(db, now, *events)

    async def claims_changed(
        self, db: AsyncSession, now: datetime, user: User, granted: RolesAndPermissions, cause: Cause
    ) -> None:
        """Tokens from before say what is no longer so. The row must be locked: later tokens bear a later time."""
        # The time under the lock: a token that was minted while this waited for it must count as older.
        locked_at = int(self._clock.now().timestamp())
        # A token from between two changes bears the time of the first, and must count as older than the second.
        user.tokens_valid_from = max(user.tokens_valid_from + 1, locked_at + CLOCK_ALLOWANCE_SECONDS)
        claims = {"roles": granted.roles, "permissions": granted.permissions}
        audit.record(db, cause.actor, "user.roles_changed", user.id, roles=granted.roles, why=cause.why)
        changed = types.token_claims_change(
            self._issuer, str(user.id), user.tokens_valid_from, claims, cause.entity, cause.why
        )
        await self._tell(db, now, changed)

    async def password_changed(
        self, db: AsyncSession, now: datetime, user_id: UUID, ended: Iterable[UUID], cause: Cause
    ) -> None:
        """The password is another, and the sessions in `ended` have been ended for it."""
        audit.record(db, cause.actor, "user.password_changed", user_id, why=cause.why)
        changed = types.password_change(self._issuer, str(user_id), now, "update", cause.entity, cause.why)
        await self._tell(db, now, changed)
        await self.sessions_ended(db, now, user_id, ended, cause)

    async def disabled(
        self, db: AsyncSession, now: datetime, user_id: UUID, ended: Iterable[UUID], cause: Cause
    ) -> None:
        """The account is closed until it is enabled again, and its sessions have been ended."""
        audit.record(db, cause.actor, "user.disabled", user_id, why=cause.why)
        await self._tell(db, now, types.account_disabled(self._issuer, str(user_id)))
        await self.sessions_ended(db, now, user_id, ended, cause)

    async def enabled(self, db: AsyncSession, now: datetime, user_id: UUID, cause: Cause) -> None:
        audit.record(db, cause.actor, "user.enabled", user_id, why=cause.why)
        await self._tell(db, now, types.account_enabled(self._issuer, str(user_id)))

    async def renamed(self, db: AsyncSession, now: datetime, user_id: UUID, username: str, cause: Cause) -> None:
        # The fact alone: what is written here outlives the account.
        audit.record(db, cause.actor, "user.renamed", user_id)
        await self._tell(db, now, types.identifier_changed(self._issuer, str(user_id), username))

    async def deleted(self, db: AsyncSession, now: datetime, user_id: UUID, cause: Cause) -> UUID:
        """The account is gone; the receipt by which the erasure elsewhere can be watched."""
        audit.record(db, cause.actor, "user.deleted", user_id, why=cause.why)
        purged = types.account_purged(self._issuer, str(user_id))
        told = await repository.enqueue(db, purged.type, _claims(purged, str(uuid4()), now))
        await repository.notify(db)
        return await deletions.insert(db, user_id, told)

    async def _tell(self, db: AsyncSession, now: datetime, *events: SecurityEvent) -> None:
        """Events of one call have one cause, and share a `txn` (RFC 8417 section 2.2)."""
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
