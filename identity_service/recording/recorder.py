"""The recorder: writes the audit row, the security events and the logout tokens of a change, in the transaction of that
change."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.audit import repository as audit
from identity_service.audit.erasure import AuditErasure
from identity_service.events import repository
from identity_service.events.claims import event_claims
from identity_service.events.enqueueing import NOTHING, Enqueued, enqueue, notify_enqueued
from identity_service.keys.models import KeyState, SigningKey
from identity_service.logouts.enqueueing import Logouts
from identity_service.recording.acts import Members, record_act
from identity_service.recording.cause import Cause
from identity_service.recording.session_ends import SessionEnds
from identity_service.recording.values import NO_SESSIONS, CredentialChange, Deletion, EndedSessions, RoleChange
from identity_service.users import deletions
from identity_service.users.models import User
from watchword.events import types
from watchword.events.types import SecurityEvent


class Recorder:
    """Records changes. It changes nothing itself; every method is called inside the transaction of the change.

    A method that enqueues events returns what it has enqueued, so that who made the change can wait until it is obeyed.
    Each session that has ended is recorded here once, so that its client gets one logout token.
    """

    def __init__(self, issuer: str, logouts: Logouts, audit_erasure: AuditErasure) -> None:
        self._issuer = issuer
        self._logouts = logouts
        self._session_ends = SessionEnds(issuer, logouts)
        self._audit_erasure = audit_erasure

    async def sessions_ended(
        self, db: AsyncSession, now: datetime, user_id: UUID, session_ids: Collection[UUID], cause: Cause
    ) -> Enqueued:
        """Record that these few sessions have ended, each with an event; receivers refuse their tokens."""
        revoked = await self._session_ends.record_each(db, now, user_id, session_ids, cause)
        return await self._enqueue(db, now, *revoked)

    async def all_sessions_ended(
        self, db: AsyncSession, now: datetime, user: User, ended: EndedSessions, cause: Cause
    ) -> Enqueued:
        """Record that all sessions and sign-ons of the user have ended. If sessions have, there is one event; receivers
        refuse tokens with a smaller version than `user.version`, except those of the session that goes on. If several
        go on, there is an event for each that has ended."""
        return await self._enqueue_with_ended(db, now, user, ended=ended, cause=cause)

    async def sign_ons_ended(
        self, db: AsyncSession, now: datetime, user_id: UUID, ended: EndedSessions, cause: Cause
    ) -> Enqueued:
        """Record that these sign-ons have ended, and their sessions with them, each with an event; receivers refuse
        their tokens. A sign-on itself has none."""
        await self._session_ends.record_sign_ons(db, user_id, ended.sign_on_ids, cause)
        return await self.sessions_ended(db, now, user_id, ended.session_ids, cause) if ended.session_ids else NOTHING

    async def claims_changed(
        self,
        db: AsyncSession,
        now: datetime,
        user: User,
        claims: Mapping[str, list[str]],
        cause: Cause,
        *,
        former_roles: Sequence[str],
    ) -> Enqueued:
        """Record that these roles and permissions are the user's now; receivers refuse tokens with a smaller version
        than `user.version`."""
        before, after = {"roles": list(former_roles)}, {"roles": claims["roles"]}
        record_act(db, cause, "user.roles_changed", user.id, before=before, after=after)
        changed = types.token_claims_change(
            self._issuer, str(user.id), user.version, claims, at=now, initiator=cause.entity, reason=cause.why
        )
        return await self._enqueue(db, now, changed)

    async def role_changed(self, db: AsyncSession, now: datetime, change: RoleChange, cause: Cause) -> Enqueued:
        """Record that the role has other permissions; receivers refuse older tokens that carry it."""
        record_act(db, cause, "role.changed", change.role, before=change.before, after=change.after)
        return await self._enqueue_role(db, now, change, cause)

    async def role_deleted(self, db: AsyncSession, now: datetime, change: RoleChange, cause: Cause) -> Enqueued:
        """Record that the role was deleted; receivers refuse the tokens that carry it."""
        record_act(db, cause, "role.deleted", change.role, before=change.before, after=None)
        return await self._enqueue_role(db, now, change, cause)

    async def key_withdrawn(self, db: AsyncSession, now: datetime, key: SigningKey, cause: Cause) -> Enqueued:
        """Record that this signing key, which is as it was before, is withdrawn; receivers refuse what it has signed,
        also when their copy of the JWKS still has it."""
        # Its own period says whether it was signing: the key that signs instead has begun already.
        before = {"state": key.state(now, is_its_turn=key.signs(now))}
        record_act(db, cause, "key.withdrawn", key.kid, before=before, after={"state": KeyState.COMPROMISED})
        withdrawn = types.signing_key_withdrawn(
            self._issuer, key.kid, expires_at=key.withdrawn_at, at=now, initiator=cause.entity, reason=cause.why
        )
        return await self._enqueue(db, now, withdrawn)

    async def password_changed(
        self, db: AsyncSession, now: datetime, user: User, ended: EndedSessions, cause: Cause
    ) -> Enqueued:
        """Record that the password was changed, and that the other sessions of the user have ended because of it."""
        audit.record(db, cause.actor, "user.password_changed", user.id, why=cause.why)
        changed = types.password_change(
            self._issuer, str(user.id), "update", at=now, initiator=cause.entity, reason=cause.why
        )
        return await self._enqueue_with_ended(db, now, user, changed, ended=ended, cause=cause)

    async def password_withdrawn(
        self, db: AsyncSession, now: datetime, user: User, ended: EndedSessions, cause: Cause
    ) -> Enqueued:
        """Record that no password is valid until another is set, and that sessions have ended because of it."""
        audit.record(db, cause.actor, "user.password_withdrawn", user.id, why=cause.why)
        withdrawn = types.password_change(
            self._issuer, str(user.id), "revoke", at=now, initiator=cause.entity, reason=cause.why
        )
        return await self._enqueue_with_ended(db, now, user, withdrawn, ended=ended, cause=cause)

    async def credentials_changed(
        self,
        db: AsyncSession,
        now: datetime,
        user: User,
        changes: Sequence[CredentialChange],
        cause: Cause,
        *,
        ended: EndedSessions = NO_SESSIONS,
        lowered_to: str | None = None,
    ) -> Enqueued:
        """Record changes of factors and of recovery codes, and that sessions have ended because of them. `lowered_to`
        is the level of the sign-on and the sessions that go on, if it is lower than before: guards that ask for more
        refuse tokens with a smaller version than `user.version`."""
        events = []
        for each in changes:
            passkey = {} if each.passkey_id is None else {"passkey": str(each.passkey_id)}
            audit.record(db, cause.actor, each.action, user.id, credential=each.credential, **passkey, why=cause.why)
            change = types.credential_change(
                self._issuer,
                str(user.id),
                each.credential,
                each.change,
                at=now,
                initiator=cause.entity,
                reason=cause.why,
            )
            events.append(change)
        if lowered_to is not None:
            events.append(self._lowered(now, user, lowered_to, cause))
        return await self._enqueue_with_ended(db, now, user, *events, ended=ended, cause=cause)

    def recovery_code_used(self, db: AsyncSession, user_id: UUID) -> None:
        """Record that a recovery code took the place of a second factor. No receiver needs to know, so there is no
        event."""
        audit.record(db, str(user_id), "recovery_code.used", user_id)

    def second_factor_failed(self, db: AsyncSession, user_id: UUID) -> None:
        """Record that wrong codes of the second factor have followed the right password."""
        audit.record(db, str(user_id), "second_factor.failed", user_id, why="wrong codes after the right password")

    def factors_reset(self, db: AsyncSession, user_id: UUID, credentials: Collection[str], cause: Cause) -> None:
        """Record that an administrator has removed the factors of an account. `credentials_changed` records each."""
        before, after = {"credentials": sorted(credentials)}, {"credentials": list[str]()}
        record_act(db, cause, "factors.reset", user_id, before=before, after=after)

    def passkey_refused(self, db: AsyncSession, user_id: UUID, passkey_id: UUID, why: str) -> None:
        """Record that a passkey was refused although it had signed what it was asked to."""
        audit.record(db, str(user_id), "passkey.refused", user_id, passkey=str(passkey_id), why=why)

    async def disabled(
        self, db: AsyncSession, now: datetime, user: User, ended: EndedSessions, cause: Cause
    ) -> Enqueued:
        """Record that the account was disabled and that its sessions have ended because of it."""
        record_act(db, cause, "user.disabled", user.id, before={"active": True}, after={"active": False})
        disabled = types.account_disabled(self._issuer, str(user.id), user.version)
        return await self._enqueue_with_ended(db, now, user, disabled, ended=ended, cause=cause)

    async def enabled(self, db: AsyncSession, now: datetime, user: User, cause: Cause) -> Enqueued:
        """Record that the account was enabled again."""
        record_act(db, cause, "user.enabled", user.id, before={"active": False}, after={"active": True})
        return await self._enqueue(db, now, types.account_enabled(self._issuer, str(user.id), user.version))

    async def renamed(self, db: AsyncSession, now: datetime, user_id: UUID, username: str, cause: Cause) -> Enqueued:
        """Record that the user has this username; receivers update what they show."""
        # Without the name: the audit outlives the account.
        audit.record(db, cause.actor, "user.renamed", user_id)
        return await self._enqueue(db, now, types.identifier_changed(self._issuer, str(user_id), username))

    async def ended_everywhere(
        self, db: AsyncSession, cause: Cause, *, sign_on_ids: Collection[UUID] = (), session_ids: Collection[UUID] = ()
    ) -> None:
        """Record that these sign-ons and sessions have ended, of whichever users. There are no events: the keys that
        have signed the tokens of the sessions were withdrawn."""
        await audit.record_each(db, cause.actor, "sign_on.ended", sign_on_ids, why=cause.why)
        await audit.record_each(db, cause.actor, "session.ended", session_ids, why=cause.why)
        await self._logouts.enqueue(db, session_ids)

    def full_name_changed(self, db: AsyncSession, user_id: UUID, cause: Cause) -> None:
        """Record that the full name was changed. No receiver knows it, so there is no event."""
        # Without the name: the audit outlives the account.
        audit.record(db, cause.actor, "user.full_name_changed", user_id)

    def email_verified(self, db: AsyncSession, user_id: UUID, cause: Cause) -> None:
        """Record that the address was verified. No receiver knows it, so there is no event."""
        audit.record(db, cause.actor, "user.email_verified", user_id, why=cause.why)

    def email_changed(self, db: AsyncSession, user_id: UUID, cause: Cause) -> None:
        """Record that the address was changed. No receiver knows it, so there is no event."""
        # Without the address: the audit outlives the account.
        audit.record(db, cause.actor, "user.email_changed", user_id, why=cause.why)

    def consent_given(self, db: AsyncSession, client_id: str, scopes: Collection[str], cause: Cause) -> None:
        """Record that a person allows a client these scopes. No receiver knows it, so there is no event."""
        audit.record(db, cause.actor, "consent.given", client_id, scopes=sorted(scopes), why=cause.why)

    def consent_withdrawn(self, db: AsyncSession, user_id: UUID, client_id: str, cause: Cause) -> None:
        """Record that a person allows a client nothing any more; the events are those of its sessions that end."""
        audit.record(db, cause.actor, "consent.withdrawn", client_id, user=str(user_id), why=cause.why)

    async def sessions_deleted(self, db: AsyncSession, user_id: UUID) -> None:
        """Enqueue the logout tokens of an account that is about to be deleted, while its sessions are there. `deleted`
        records the rest."""
        await self._logouts.enqueue_of_user(db, user_id)

    def device_decided(self, db: AsyncSession, user_id: UUID, client_id: str, *, is_allowed: bool) -> None:
        """Record whether a person lets a device have a session with this client."""
        audit.record(db, str(user_id), "device.allowed" if is_allowed else "device.denied", client_id)

    async def deleted(
        self, db: AsyncSession, now: datetime, user_id: UUID, cause: Cause, *, before: Members | None
    ) -> Deletion:
        """Record that the account was deleted, and have its addresses leave the audit log. `before` is what it was, or
        None if that is not known."""
        record_act(db, cause, "user.deleted", user_id, before=before, after=None)
        enqueued = await self._enqueue(db, now, types.account_purged(self._issuer, str(user_id)))
        # A stream that is not polled would otherwise keep the names of the account. After the event is enqueued, no
        # stream begins that this does not see.
        await repository.forget_user(db, str(user_id))
        await self._audit_erasure.enqueue(db, user_id)
        return Deletion(await deletions.insert(db, user_id, _receivers(enqueued)), enqueued)

    def _lowered(self, now: datetime, user: User, level: str, cause: Cause) -> SecurityEvent:
        return types.assurance_level_change(
            self._issuer, str(user.id), user.version, level, at=now, initiator=cause.entity, reason=cause.why
        )

    async def _enqueue_with_ended(
        self, db: AsyncSession, now: datetime, user: User, *events: SecurityEvent, ended: EndedSessions, cause: Cause
    ) -> Enqueued:
        """Enqueue the events and, if sessions have ended because of them, that they have."""
        revoked = await self._session_ends.record_of_user(db, now, user, ended, cause)
        return await self._enqueue(db, now, *events, *revoked)

    async def _enqueue_role(self, db: AsyncSession, now: datetime, change: RoleChange, cause: Cause) -> Enqueued:
        changed = types.role_changed(
            self._issuer, change.role, change.version, at=now, initiator=cause.entity, reason=cause.why
        )
        return await self._enqueue(db, now, changed)

    async def _enqueue(self, db: AsyncSession, now: datetime, *events: SecurityEvent) -> Enqueued:
        """Put the events into every stream that requests them. They have one cause, so they share a `txn` (RFC 8417
        section 2.2)."""
        txn = uuid4()
        enqueued = NOTHING
        for event in events:
            enqueued += await enqueue(db, event.type, event_claims(event, txn, now))
        await notify_enqueued(db, enqueued)
        return enqueued


def _receivers(enqueued: Enqueued) -> dict[str, UUID | None]:
    """The clients that must erase the account, and the event that tells each of it.

    It is the one in the client's durable stream; a client without one confirms through any stream of its processes.
    """
    of_processes = {event.client_id: event.jti for event in enqueued if not event.is_durable and event.jti is not None}
    return {**of_processes, **{event.client_id: event.jti for event in enqueued if event.is_durable}}
