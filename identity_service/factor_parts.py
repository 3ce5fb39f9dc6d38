"""The long-lived objects of second factors."""

from identity_service.factor_acts.apps import AppActs
from identity_service.factor_acts.changes import FactorChanges
from identity_service.factor_acts.listing import FactorList
from identity_service.factor_acts.passkey_acts import PasskeyActs
from identity_service.factor_acts.recovery import FactorRecovery
from identity_service.factors.ceremonies import Ceremonies
from identity_service.factors.codes import FactorCodes
from identity_service.ground_parts import Ground


class FactorParts:
    """What verifies the second factors of accounts, and what people do with them."""

    def __init__(self, ground: Ground) -> None:
        database, issuer, clock = ground.database, ground.settings.issuer, ground.clock
        self.codes = FactorCodes(ground.sealer, ground.digests)
        self.ceremonies = Ceremonies(issuer, ground.digests, clock)
        self.changes = FactorChanges(ground.recorder, ground.account_letters, self.codes, ground.limits)
        self.apps = AppActs(database, issuer, self.codes, self.changes, clock)
        self.passkeys = PasskeyActs(database, self.ceremonies, self.changes, clock)
        self.recovery = FactorRecovery(database, self.codes, self.changes, clock)
        self.list = FactorList(database)
