"""What an account has beside its password."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from identity_service.factors import repository
from identity_service.factors.models import Passkey, TotpFactor
from watchword.database.database import Database


class FactorsOfUser(NamedTuple):
    """The authenticator app of an account, if it has one, its passkeys, the oldest first, and how many recovery codes
    are left. The version of the codes is another one whenever codes are made."""

    app: TotpFactor | None
    passkeys: Sequence[Passkey]
    recovery_codes_left: int
    recovery_codes_version: str

    @property
    def number(self) -> int:
        """How many factors there are."""
        return len(self.passkeys) + (self.app is not None)


class FactorList:
    """The factors of all users."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user_id: UUID) -> FactorsOfUser:
        """The factors of this user. Nobody has a factor who has no account."""
        async with self._database.begin() as db:
            app = await repository.find_app(db, user_id)
            of_user = await repository.list_passkeys(db, user_id)
            left = await repository.count_recovery_codes(db, user_id)
            version = await repository.version_of_recovery_codes(db, user_id)
            return FactorsOfUser(app, of_user, left, version)
