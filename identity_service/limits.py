"""How often something that costs may be done: each use is charged to the caller's address, and to the account."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, NamedTuple, Self
from uuid import UUID

from identity_service.errors import HashingBusy
from identity_service.limit_settings import LimitSettings
from identity_service.users.normal_form import without_case
from watchword.database.errors import DatabaseUnavailable
from watchword.errors import AppError, Unavailable
from watchword.limits import Charge, Limit, Limiter, LimitReached
from watchword.service.callers import caller_address

_SILENT_WRONG_CODES: Final = Limit("second-factor-untold", 4, 86_400)
_LETTERS_OF_WRONG_CODES: Final = Limit("second-factor-told", 1, 86_400)


class _SecondFactorLimits(NamedTuple):
    """The limits of one kind of code: for an account in all browsers that it does not know together, in one that it
    knows, and in all that it knows."""

    account: Limit
    device: Limit
    devices: Limit

    @classmethod
    def of(cls, name: str, settings: LimitSettings) -> Self:
        quota, quota_devices = settings.limit_second_factor, settings.limit_second_factor_devices
        return cls(
            Limit.parse(name, quota),
            Limit.parse(f"{name}-device", quota),
            Limit.parse(f"{name}-devices", quota_devices),
        )

    def charges(self, user_id: UUID, device_id: str | None) -> list[Charge]:
        if device_id is None:
            return [Charge(self.account, str(user_id))]
        # All of them together, too: who knew the password once may have signed in with it in any number of browsers,
        # before the account had a second factor.
        return [Charge(self.device, f"{user_id} {device_id}"), Charge(self.devices, str(user_id))]


class Limits:
    """A method for each thing that is limited, called before what it costs. Another method's uses count apart."""

    def __init__(self, limiter: Limiter, settings: LimitSettings) -> None:
        self.limiter = limiter
        self._sign_in = Limit.parse("sign-in", settings.limit_sign_in)
        self._sign_in_device = Limit.parse("sign-in-device", settings.limit_sign_in)
        self._sign_in_account = Limit.parse("sign-in-account", settings.limit_sign_in_account)
        self._sign_in_devices = Limit.parse("sign-in-devices", settings.limit_sign_in_account)
        self.sign_in_address = Limit.parse("sign-in-address", settings.limit_sign_in_address)
        self._second_factor = _SecondFactorLimits.of("second-factor", settings)
        self._recovery_code = _SecondFactorLimits.of("second-factor-recovery", settings)
        self._factor_changes = Limit.parse("factor-changes", settings.limit_factor_changes)
        self._registration = Limit.parse("registration", settings.limit_registration)
        self._letters_address = Limit.parse("letters-address", settings.limit_letters_address)
        self._letters_account = Limit.parse("letters-account", settings.limit_letters_account)
        self._authorizations = Limit.parse("authorizations", settings.limit_authorizations)
        self._device_address = Limit.parse("device-address", settings.limit_device_address)
        self._device_client = Limit.parse("device-client", settings.limit_device_client)
        self._user_code_address = Limit.parse("user-code-address", settings.limit_user_code_address)
        self._user_code_account = Limit.parse("user-code-account", settings.limit_user_code_account)
        for limit in (
            self._sign_in,
            self._sign_in_device,
            self._sign_in_account,
            self._sign_in_devices,
            self.sign_in_address,
            *self._second_factor,
            *self._recovery_code,
            _SILENT_WRONG_CODES,
            _LETTERS_OF_WRONG_CODES,
            self._factor_changes,
            self._registration,
            self._letters_address,
            self._letters_account,
            self._authorizations,
            self._device_address,
            self._device_client,
            self._user_code_address,
            self._user_code_account,
        ):
            limiter.refusals[limit.name] = 0

    def sign_in_attempt(self, login: str, device_id: str | None = None) -> AbstractAsyncContextManager[None]:
        """Charge an attempt to prove a password, which the block makes: to the caller's address, to this account from
        that address, and to this account. Raises LimitReached.

        `device_id` is that of a device on which the account's owner has signed in: the attempt is charged to the
        account on this device and on all such devices instead, so that what others do to the account does not hold it
        up. An attempt that cost no hash is charged to the address only.

        `login` is what was typed, in its normal form. The account is not looked up: a limit that its name and its
        e-mail address shared would tell that both are of one account.
        """
        login = without_case(login)
        if device_id is None:
            return self._attempt(*self._account_charges(login))
        # All of them together, too: who knew the password once may have signed in with it in any number of browsers.
        on_device = Charge(self._sign_in_device, f"{login} {device_id}")
        return self._attempt(on_device, Charge(self._sign_in_devices, login))

    def proof_attempt(self, user_id: UUID) -> AbstractAsyncContextManager[None]:
        """Charge an attempt to prove a password of a caller who is this user by a token or a link that nobody else has.
        The block makes the attempt. Raises LimitReached."""
        # No login has a capital letter here: an id is public, and who types it as a login must not hold its owner up.
        return self._attempt(*self._account_charges(f"ID {user_id}"))

    def passkey_attempt(self) -> AbstractAsyncContextManager[None]:
        """Charge an attempt to sign in with a passkey, which the block makes, to the caller's address: nobody can guess
        what a passkey signs. Raises LimitReached."""
        return self._attempt()

    @asynccontextmanager
    async def second_factor_attempt(
        self, user_id: UUID, device_id: str | None, *, is_recovery: bool
    ) -> AsyncIterator[None]:
        """Charge an attempt to prove a second factor by a code, which the block makes, to this account; a right code
        takes the charge back. Recovery codes count apart from those of an app. Raises LimitReached.

        `device_id` is that of a device on which the account's owner has signed in: the attempt is charged to the
        account on this device and on all such devices instead, so that others who know the password do not hold the
        owner up. The caller's address is not charged: only a right password leads here.
        """
        charges = (self._recovery_code if is_recovery else self._second_factor).charges(user_id, device_id)
        await self.limiter.ensure_allowed(*charges)
        try:
            yield
        except Unavailable:
            # Nothing was guessed: the database was away, or the secret of the app cannot be unsealed.
            await self.limiter.give_back(*charges)
            raise
        # Nobody guesses by right codes, and an owner whose applications ask for recent sign-ins enters many.
        await self.limiter.give_back(*charges)

    async def may_leave_wrong_code_untold(self, user_id: UUID) -> bool:
        """Charge a wrong code to this account. Its owner need not learn of four, and of one more every six hours."""
        return await self.limiter.allows(Charge(_SILENT_WRONG_CODES, str(user_id)))

    async def may_tell_of_wrong_codes(self, user_id: UUID) -> bool:
        """Charge a letter about wrong codes to this account: one a day."""
        return await self.limiter.allows(Charge(_LETTERS_OF_WRONG_CODES, str(user_id)))

    @asynccontextmanager
    async def factor_change(self, user_id: UUID) -> AsyncIterator[None]:
        """Charge a factor that the block adds or replaces, or recovery codes that it renews, to this account; an
        AppError of the block takes the charge back. Removals need no limit: there are no more of them. Raises
        LimitReached."""
        charge = Charge(self._factor_changes, str(user_id))
        await self.limiter.ensure_allowed(charge)
        try:
            yield
        except AppError:
            await self.limiter.give_back(charge)
            raise

    def _account_charges(self, account: str) -> list[Charge]:
        from_here = f"{account} {caller_address.get()}"
        return [Charge(self._sign_in, from_here), Charge(self._sign_in_account, account)]

    @asynccontextmanager
    async def _attempt(self, *others: Charge) -> AsyncIterator[None]:
        await self.limiter.ensure_allowed(Charge(self.sign_in_address, caller_address.get()), *others)
        try:
            yield
        except (DatabaseUnavailable, HashingBusy):
            await self.limiter.give_back(*others)
            raise

    async def ensure_may_register(self) -> None:
        """Charge a registration to the caller's address. Raises LimitReached."""
        await self.limiter.ensure_allowed(Charge(self._registration, caller_address.get()))

    async def ensure_may_authorize(self, user_id: UUID) -> None:
        """Charge an authorization code to this user. Raises LimitReached."""
        await self.limiter.ensure_allowed(Charge(self._authorizations, str(user_id)))

    async def give_back_registration(self) -> None:
        """Take back what `ensure_may_register` has charged, for a registration that was not attempted after all."""
        await self.limiter.give_back(Charge(self._registration, caller_address.get()))

    async def ensure_may_start_device_grant(self, client_id: str) -> None:
        """Charge a device that asks for a session to the caller's address, and to the client: it bounds how many codes
        there are to be guessed. Raises LimitReached."""
        by_address = Charge(self._device_address, caller_address.get())
        await self.limiter.ensure_allowed(by_address, Charge(self._device_client, client_id))

    async def ensure_may_enter_user_code(self, user_id: UUID) -> None:
        """Charge a code of a device to the caller's address, and to the account that enters it. Raises LimitReached."""
        by_address = Charge(self._user_code_address, caller_address.get())
        await self.limiter.ensure_allowed(by_address, Charge(self._user_code_account, str(user_id)))

    async def ensure_may_request_letter(self) -> None:
        """Charge a request for a letter to the caller's address. Raises LimitReached."""
        await self.limiter.ensure_allowed(Charge(self._letters_address, caller_address.get()))

    async def ensure_may_write_to(self, email: str, kind: str) -> None:
        """As `may_write_to`, for callers who know that the address has an account. Raises LimitReached."""
        await self.limiter.ensure_allowed(self._letter(email, kind))

    async def may_write_to(self, email: str, kind: str) -> bool:
        """Charge a letter of this kind to the account with this address, whether or not there is one. A refusal is no
        error: only the owner of the address may know of it.

        Each kind counts apart: letters of one that are requested for an account, and that it never gets, do not keep
        those of another from its owner.
        """
        try:
            await self.limiter.ensure_allowed(self._letter(email, kind))
        except LimitReached:
            return False
        return True

    async def may_tell(self, user_id: UUID, kind: str) -> bool:
        """Charge a letter of this kind to the account. A refusal does not wait for its turn, so that a transaction may
        ask."""
        return await self.limiter.allows(self._letter(str(user_id), kind))

    @asynccontextmanager
    async def letter_to(self, email: str, kind: str) -> AsyncIterator[bool]:
        """Whether the block may write a letter, charged as by `may_write_to`. An AppError of the block takes the charge
        back."""
        is_allowed = await self.may_write_to(email, kind)
        try:
            yield is_allowed
        except AppError:
            if is_allowed:
                await self.limiter.give_back(self._letter(email, kind))
            raise

    def _letter(self, email: str, kind: str) -> Charge:
        return Charge(self._letters_account, f"{kind} {without_case(email)}")
