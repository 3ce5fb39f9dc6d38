"""Renewing the recovery codes of an account, and removing all of its factors for an owner who has lost them."""

from collections.abc import Sequence
from uuid import UUID

from identity_service.factor_acts.changes import FactorChanges
from identity_service.factor_acts.present import lock_owner
from identity_service.factor_acts.values import Owner
from identity_service.factors import repository
from identity_service.factors.code_errors import RecoveryCodesChanged, RecoveryCodesWithoutFactor
from identity_service.factors.codes import FactorCodes
from identity_service.obedience.models import Act
from identity_service.recording.cause import Cause
from identity_service.users import repository as users
from identity_service.users.expectations import Expectation, expect_anything
from identity_service.users.stand_ins import account_holder
from watchword.clock import Clock
from watchword.database.database import Database


class FactorRecovery:
    """What helps people who have lost a factor, or all of them."""

    def __init__(self, database: Database, codes: FactorCodes, changes: FactorChanges, clock: Clock) -> None:
        self._database = database
        self._codes = codes
        self._changes = changes
        self._clock = clock

    async def renew_codes(self, owner: Owner, version: str | None = None) -> Sequence[str]:
        """Ten recovery codes, which take the place of those that the account had. Raises RecoveryCodesWithoutFactor;
        RecoveryCodesChanged if these have not the `version` that is given; LimitReached; SessionEnded or
        SignOnRequired."""
        async with self._changes.charged(owner.user_id), self._database.begin() as db:
            user, now = await lock_owner(db, owner, self._clock)
            if not user.has_second_factor:
                raise RecoveryCodesWithoutFactor
            if version not in (None, await repository.version_of_recovery_codes(db, user.id)):
                raise RecoveryCodesChanged
            codes = await self._codes.renew_recovery_codes(db, user.id, now)
            await self._changes.codes_renewed(db, user, now)
        return codes

    async def reset(self, user_id: UUID, cause: Cause, expect: Expectation = expect_anything) -> Act | None:
        """Remove every factor and every recovery code of an account, end everything, and tell its owner by letter; None
        if there was nothing to remove. Raises UserNotFound, and what `expect` raises of the user."""
        async with self._database.begin() as db:
            user = account_holder(await users.find_for_update(db, user_id))
            expect(user)
            enqueued = await self._changes.reset(db, user, self._clock.now(), cause)
        return None if enqueued is None else Act(enqueued, cause.actor, str(user_id))
