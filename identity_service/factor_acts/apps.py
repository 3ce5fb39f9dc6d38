"""Adding, replacing and removing the authenticator app of an account, as its owner does."""

from datetime import datetime
from typing import NamedTuple

from identity_service.errors import UserNotFound
from identity_service.factor_acts.changes import FactorChanges
from identity_service.factor_acts.present import lock_owner, origin_of
from identity_service.factor_acts.values import Addition, Owner
from identity_service.factors import one_time_codes, repository
from identity_service.factors.code_errors import AppNotFound, EnrolmentNotFound, WrongCode
from identity_service.factors.codes import Enrolment, FactorCodes
from identity_service.obedience.models import Act
from identity_service.users import repository as users
from identity_service.users.models import User
from watchword.clock import Clock
from watchword.database.database import Database


class AppSecret(NamedTuple):
    """The secret of an app that has shown no code yet: as text, in base32, and as the URI of a QR code."""

    secret: str
    uri: str
    expires_at: datetime


class AppActs:
    """The authenticator app of an account, for its owner."""

    def __init__(
        self, database: Database, issuer: str, codes: FactorCodes, changes: FactorChanges, clock: Clock
    ) -> None:
        self._database = database
        self._issuer = issuer
        self._codes = codes
        self._changes = changes
        self._clock = clock

    async def begin(self, owner: Owner) -> AppSecret:
        """Make a secret for an app, which nothing asks for until the app has shown a code. The secret before it, if it
        was not confirmed, ends. Raises SessionEnded or SignOnRequired; CannotUnseal."""
        async with self._database.begin() as db:
            user, now = await lock_owner(db, owner, self._clock)
            return self._secret_of(user, await self._codes.enrol(db, user.id, await origin_of(db, owner), now))

    async def find_secret(self, owner: Owner) -> AppSecret | None:
        """The secret that waits for the first code of its app, if the owner began that in this sign-on or session: for
        a page that is shown again. Raises UserNotFound, CannotUnseal."""
        async with self._database.begin() as db:
            user = await users.find(db, owner.user_id)
            if user is None:
                raise UserNotFound
            enrolment = await self._codes.find_enrolment(db, user.id, await origin_of(db, owner), self._clock.now())
            return None if enrolment is None else self._secret_of(user, enrolment)

    async def confirm(self, owner: Owner, code: str) -> Addition:
        """Add the app that shows this code, which is used by that; it takes the place of the app that the account has.
        The first factor of an account brings recovery codes.

        Raises WrongCode, EnrolmentNotFound; LimitReached; SessionEnded or SignOnRequired; CannotUnseal.
        """
        async with self._changes.charged(owner.user_id), self._database.begin() as db:
            user, now = await lock_owner(db, owner, self._clock)
            enrolment = await self._codes.find_enrolment(db, user.id, await origin_of(db, owner), now)
            if enrolment is None:
                raise EnrolmentNotFound
            factor = await self._codes.confirm(db, user.id, enrolment, code, now)
            if factor is None:
                raise WrongCode
            if await repository.delete_app(db, user.id):
                db.add(factor)
                return Addition(await self._changes.replaced(db, user, factor, owner, now))
            db.add(factor)
            return await self._changes.added(db, user, factor, owner, now)

    async def remove(self, owner: Owner) -> Act:
        """Remove the app. Raises AppNotFound, LastFactorRequired; SessionEnded or SignOnRequired."""
        async with self._database.begin() as db:
            user, now = await lock_owner(db, owner, self._clock)
            factor = await repository.find_app(db, user.id)
            if factor is None:
                raise AppNotFound
            await db.delete(factor)
            return await self._changes.removed(db, user, factor, owner, now)

    def _secret_of(self, user: User, enrolment: Enrolment) -> AppSecret:
        uri = one_time_codes.uri_of(enrolment.secret, user.username, self._issuer)
        return AppSecret(one_time_codes.text_of(enrolment.secret), uri, enrolment.expires_at)
