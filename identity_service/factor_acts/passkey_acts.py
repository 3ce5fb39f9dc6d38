"""Adding, renaming and removing the passkeys of an account, as its owner does."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from identity_service.errors import UserNotFound
from identity_service.factor_acts.changes import FactorChanges
from identity_service.factor_acts.present import lock_owner
from identity_service.factor_acts.values import Addition, Owner
from identity_service.factors import passkeys, repository
from identity_service.factors.ceremonies import MOST_PASSKEYS, Ceremonies
from identity_service.factors.models import Passkey
from identity_service.factors.passkey_errors import PasskeyNotFound, PasskeyRefused, TooManyPasskeys
from identity_service.factors.unverified_answers import Credential
from identity_service.obedience.models import Act
from identity_service.users import repository as users
from watchword.clock import Clock
from watchword.database.database import Database


class PasskeyAddition(NamedTuple):
    """A passkey, and the act of adding it."""

    passkey: Passkey
    addition: Addition


class PasskeyActs:
    """The passkeys of an account, for its owner."""

    def __init__(self, database: Database, ceremonies: Ceremonies, changes: FactorChanges, clock: Clock) -> None:
        self._database = database
        self._ceremonies = ceremonies
        self._changes = changes
        self._clock = clock

    async def options(self, user_id: UUID) -> dict[str, Any]:
        """The options for `navigator.credentials.create`, as JSON has them; an answer is valid for ten minutes.

        Raises PasskeysUnavailable, TooManyPasskeys, UserNotFound.
        """
        async with self._database.begin() as db:
            user = await users.find(db, user_id)
            of_user = await repository.list_passkeys(db, user_id)
        if user is None:
            raise UserNotFound
        _ensure_room(of_user)
        return self._ceremonies.registration_options(user, of_user)

    async def add(self, owner: Owner, credential: Credential, name: str) -> PasskeyAddition:
        """Add the passkey that an authenticator has made.

        Raises PasskeyRefused, PasskeysUnavailable, TooManyPasskeys; LimitReached; SessionEnded or SignOnRequired.
        """
        async with self._changes.charged(owner.user_id), self._database.begin() as db:
            user, now = await lock_owner(db, owner, self._clock)
            _ensure_room(await repository.list_passkeys(db, user.id))
            made = await self._ceremonies.accept_registration(db, user.id, credential, name, now)
            passkey = await passkeys.insert_unless_known(db, made)
            if passkey is None:
                raise PasskeyRefused("a credential id that is taken")
            return PasskeyAddition(passkey, await self._changes.added(db, user, passkey, owner, now))

    async def rename(self, user_id: UUID, passkey_id: UUID, name: str) -> Passkey:
        """Give a passkey another name. Raises PasskeyNotFound."""
        async with self._database.begin() as db:
            await users.find_for_update(db, user_id)
            passkey = await passkeys.find_by_id(db, user_id, passkey_id)
            if passkey is None:
                raise PasskeyNotFound
            passkey.name = name
        return passkey

    async def remove(self, owner: Owner, passkey_id: UUID) -> Act:
        """Remove a passkey. Raises PasskeyNotFound, LastFactorRequired; SessionEnded or SignOnRequired."""
        async with self._database.begin() as db:
            user, now = await lock_owner(db, owner, self._clock)
            passkey = await passkeys.find_by_id(db, user.id, passkey_id)
            if passkey is None:
                raise PasskeyNotFound
            await db.delete(passkey)
            return await self._changes.removed(db, user, passkey, owner, now)


def _ensure_room(of_user: Sequence[Passkey]) -> None:
    if len(of_user) >= MOST_PASSKEYS:
        raise TooManyPasskeys
