"""The long-lived objects that prove who somebody is, and start what follows from that."""

from identity_service.authentication.breach_checks import BreachChecks
from identity_service.authentication.copied_passkeys import CopiedPasskeys
from identity_service.authentication.half_open import HalfOpenSignIns
from identity_service.authentication.passkey_prompts import PasskeyPrompts
from identity_service.authentication.passkey_second_factor import PasskeySecondFactor
from identity_service.authentication.passkey_sign_on import PasskeySignOn
from identity_service.authentication.password import PasswordAuthentication
from identity_service.authentication.second_factor import SecondFactor
from identity_service.authentication.sign_on import PasswordSignOn
from identity_service.authentication.sign_on_start import SignOnStart
from identity_service.authentication.wrong_codes import WrongCodes
from identity_service.factor_parts import FactorParts
from identity_service.ground_parts import Ground
from identity_service.refused_sign_ins.service import RefusedSignIns


class AuthenticationParts:
    """The ways to sign on: by a password and then, if the account has one, a second factor; or by a passkey alone.
    Each way ends in the same start of a sign-on."""

    def __init__(self, ground: Ground, factors: FactorParts) -> None:
        self.refused_sign_ins = RefusedSignIns(ground.database, ground.digests, ground.clock)
        self._start = SignOnStart(
            ground.database,
            ground.recorder,
            ground.lifetimes.sign_on,
            ground.clock,
            per_user=ground.settings.sessions_per_account,
            new_device_letters=ground.new_device_letters,
        )
        self._add_passwords(ground)
        self._add_second_factors(ground, factors)
        self._add_passkeys(ground, factors)

    def _add_passwords(self, ground: Ground) -> None:
        database, clock = ground.database, ground.clock
        self.breach_checks = BreachChecks(database, ground.breached_passwords, ground.account_letters, clock)
        self.password = PasswordAuthentication(
            database, ground.passwords, ground.limits, self.refused_sign_ins, clock, breach_checks=self.breach_checks
        )
        self.half_open_sign_ins = HalfOpenSignIns(database, clock)
        self.password_sign_on = PasswordSignOn(self.password, self._start, self.half_open_sign_ins)

    def _add_second_factors(self, ground: Ground, factors: FactorParts) -> None:
        self.second_factor = SecondFactor(
            ground.database,
            self.half_open_sign_ins,
            self._start,
            factors.codes,
            ground.clock,
            recorder=ground.recorder,
            limits=ground.limits,
            account_letters=ground.account_letters,
            letters=ground.new_device_letters,
            refused_sign_ins=self.refused_sign_ins,
            wrong_codes=WrongCodes(ground.recorder, ground.account_letters, ground.limits),
        )

    def _add_passkeys(self, ground: Ground, factors: FactorParts) -> None:
        """Passkeys, as a second factor and alone."""
        ceremonies, limits = factors.ceremonies, ground.limits
        self.passkey_prompts = prompts = PasskeyPrompts(ground.database, ceremonies)
        copied = CopiedPasskeys(ground.recorder, ground.account_letters, limits)
        self.passkey_second_factor = PasskeySecondFactor(self.second_factor, ceremonies, prompts, copied, limits)
        self.passkey_sign_on = PasskeySignOn(
            ground.database,
            ceremonies,
            self._start,
            copied,
            ground.clock,
            limits=limits,
            letters=ground.new_device_letters,
            refused_sign_ins=self.refused_sign_ins,
        )
