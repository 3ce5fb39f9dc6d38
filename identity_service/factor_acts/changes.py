"""What a change of factors does beside the change: what ends, what is lowered, and who is told."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authentications import PASSWORD
from identity_service.ending import EndReason
from identity_service.events.enqueueing import NOTHING, Enqueued
from identity_service.factor_acts.present import is_above, level_given_by, level_of, lock_present, lower_to, raise_by
from identity_service.factor_acts.values import Addition, Owner
from identity_service.factors import repository
from identity_service.factors.code_errors import LastFactorRequired
from identity_service.factors.codes import FactorCodes
from identity_service.factors.models import Passkey
from identity_service.factors.repository import Factor
from identity_service.letters import LetterKind
from identity_service.limits import Limits
from identity_service.obedience.models import Act
from identity_service.recording.account_letters import AccountLetters
from identity_service.recording.cause import Cause, by_user
from identity_service.recording.recorder import Recorder
from identity_service.recording.values import NO_SESSIONS, CredentialChange, EndedSessions
from identity_service.roles import repository as roles
from identity_service.sessions.ending import end_all
from identity_service.users.models import User

_CODES: Final = "recovery-codes"


class FactorChanges:
    """Carries out what follows from a change that its caller has made to a factor. Every method but `charged` is
    called in the transaction of that change, with the user locked, and `now` read under that lock.

    Each change sends a letter. Whoever is signed in must not be able to send any number of them, and no change may stay
    untold: so what can be repeated is limited itself."""

    def __init__(self, recorder: Recorder, letters: AccountLetters, codes: FactorCodes, limits: Limits) -> None:
        self._recorder = recorder
        self._letters = letters
        self._codes = codes
        self._limits = limits

    def charged(self, user_id: UUID) -> AbstractAsyncContextManager[None]:
        """Charge what a block adds, replaces or renews to this user. It is around the transaction, since a refusal may
        wait, and nobody must wait with it for the user's row. Raises LimitReached."""
        return self._limits.factor_change(user_id)

    async def added(self, db: AsyncSession, user: User, factor: Factor, owner: Owner, now: datetime) -> Addition:
        """Follow the insertion of a factor. The first one ends every other sign-on and session, so that all that are
        left were made with it, and brings recovery codes."""
        await db.flush()  # a passkey gets its id
        is_first, user.has_second_factor = not user.has_second_factor, True
        present = await lock_present(db, owner)
        raise_by(present.sign_on, factor)
        changes, codes, ended = [_change("factor.added", factor, "create")], list[str](), NO_SESSIONS
        if is_first:
            codes = await self._codes.renew_recovery_codes(db, user.id, now)
            changes.append(CredentialChange("recovery_codes.made", _CODES, "create"))
            ended = await self._end_others(db, user, owner, EndReason.FACTOR_ADDED, now)
        cause = by_user(user.id, EndReason.FACTOR_ADDED)
        enqueued = await self._recorder.credentials_changed(db, now, user, changes, cause, ended=ended)
        await self._send(db, LetterKind.FACTOR_ADDED, user, factor, now)
        return Addition(Act(enqueued, cause.actor, str(user.id)), codes)

    async def replaced(self, db: AsyncSession, user: User, factor: Factor, owner: Owner, now: datetime) -> Act:
        """Follow the replacement of an app by this one: every other sign-on and session ends, since somebody may
        have made them who has the former app."""
        raise_by((await lock_present(db, owner)).sign_on, factor)
        ended = await self._end_others(db, user, owner, EndReason.FACTOR_REPLACED, now)
        cause = by_user(user.id, EndReason.FACTOR_REPLACED)
        changes = [_change("factor.replaced", factor, "update")]
        enqueued = await self._recorder.credentials_changed(db, now, user, changes, cause, ended=ended)
        await self._send(db, LetterKind.FACTOR_REPLACED, user, factor, now)
        return Act(enqueued, cause.actor, str(user.id))

    async def removed(self, db: AsyncSession, user: User, factor: Factor, owner: Owner, now: datetime) -> Act:
        """Follow the deletion of a factor: every other sign-on and session ends, and the present ones count for no more
        than what the account still has. The recovery codes go with the last factor. Raises LastFactorRequired."""
        await db.flush()  # what is left is counted
        present = await lock_present(db, owner)
        changes = [_change("factor.removed", factor, "delete")]
        level = await self._settle(db, user, changes)
        await db.flush()  # whether a factor is left is read
        if await roles.must_add_now(db, user.id):
            raise LastFactorRequired
        ended = await self._end_others(db, user, owner, EndReason.FACTOR_REMOVED, now)
        # A token may still say more than the rows, which another sign-in has lowered since it was issued.
        is_lowered = lower_to(present, level) or is_above(level_given_by(factor), level)
        if is_lowered and not ended.session_ids:
            user.raise_version()
        cause = by_user(user.id, EndReason.FACTOR_REMOVED)
        enqueued = await self._recorder.credentials_changed(
            db, now, user, changes, cause, ended=ended, lowered_to=level if is_lowered else None
        )
        await self._send(db, LetterKind.FACTOR_REMOVED, user, factor, now)
        return Act(enqueued, cause.actor, str(user.id))

    async def codes_renewed(self, db: AsyncSession, user: User, now: datetime) -> Enqueued:
        """Follow the renewal of the recovery codes."""
        change = CredentialChange("recovery_codes.made", _CODES, "update")
        cause = by_user(user.id, "recovery codes renewed")
        enqueued = await self._recorder.credentials_changed(db, now, user, [change], cause)
        await self._letters.send_link(db, LetterKind.RECOVERY_CODES_MADE, user.id, now)
        return enqueued

    async def withdraw(
        self, db: AsyncSession, user: User, since: datetime | None, now: datetime, cause: Cause
    ) -> Enqueued:
        """Remove every factor and every recovery code that was made at `since` or later, all if it is None, by somebody
        else than the owner. Everything that the user has must have ended already. The letter that the owner gets is the
        caller's."""
        changes = await self._remove(db, user, since)
        return await self._recorder.credentials_changed(db, now, user, changes, cause) if changes else NOTHING

    async def reset(self, db: AsyncSession, user: User, now: datetime, cause: Cause) -> Enqueued | None:
        """Remove every factor and every recovery code, end everything, and tell the owner by letter; None if there was
        nothing to remove. That changes nothing and is not recorded, like every act of an administrator that finds
        things as it would leave them."""
        changes = await self._remove(db, user, None)
        if not changes:
            return None
        ended = await end_all(db, user.id, EndReason.FACTORS_RESET, now)
        if ended.session_ids:
            user.raise_version()
        self._recorder.factors_reset(db, user.id, [change.credential for change in changes], cause)
        enqueued = await self._recorder.credentials_changed(db, now, user, changes, cause, ended=ended)
        await self._letters.send_link(db, LetterKind.FACTORS_RESET, user.id, now)
        return enqueued

    async def _remove(self, db: AsyncSession, user: User, since: datetime | None) -> Sequence[CredentialChange]:
        """Delete factors and recovery codes."""
        factors = await repository.delete_since(db, user.id, since)
        changes = [_change("factor.removed", factor, "delete") for factor in factors]
        if await repository.delete_recovery_codes(db, user.id, since):
            changes.append(CredentialChange("recovery_codes.removed", _CODES, "delete"))
        await self._settle(db, user, changes)
        return changes

    async def _settle(self, db: AsyncSession, user: User, changes: list[CredentialChange]) -> str:
        """Note whether a factor is left, and delete the recovery codes if none is. Returns the level that the account
        still has."""
        level = level_of(await repository.kinds_of(db, user.id))
        user.has_second_factor = level != PASSWORD
        if not user.has_second_factor and await repository.delete_recovery_codes(db, user.id):
            changes.append(CredentialChange("recovery_codes.removed", _CODES, "delete"))
        return level

    async def _end_others(
        self, db: AsyncSession, user: User, owner: Owner, reason: EndReason, now: datetime
    ) -> EndedSessions:
        ended = await end_all(
            db, user.id, reason, now, except_session=owner.session_id, except_sign_on=owner.sign_on_id
        )
        if ended.session_ids:
            user.raise_version()
        return ended

    async def _send(self, db: AsyncSession, kind: LetterKind, user: User, factor: Factor, now: datetime) -> None:
        passkey = factor.name if isinstance(factor, Passkey) else ""
        await self._letters.send_link(db, kind, user.id, now, passkey=passkey)


def _change(action: str, factor: Factor, change: str) -> CredentialChange:
    """The change of a factor, whose type is one of CAEP's (section 3.3)."""
    if isinstance(factor, Passkey):
        kind = "fido2-platform" if "internal" in factor.transports else "fido2-roaming"
        return CredentialChange(action, kind, change, factor.id)
    return CredentialChange(action, "app", change)
