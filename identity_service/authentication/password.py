"""Authenticating people by a name and a password, and starting sessions of clients for them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from identity_service.authentication.breach_checks import BreachChecks
from identity_service.authentication.known_devices import KnownDevice
from identity_service.authentication.outcomes import Outcome, counted
from identity_service.authentication.refusals import REASONS, refusal_of
from identity_service.errors import (
    AccountChanged,
    AccountDisabled,
    AddressUnverified,
    HashingBusy,
    InitialPasswordExpired,
    InvalidCredentials,
    PasswordMustChange,
    PasswordNotEnough,
)
from identity_service.limits import Limits
from identity_service.refused_sign_ins.service import RefusedSignIns
from identity_service.sessions.start import SessionStart
from identity_service.sessions.values import IssuedSession, SignInRequest
from identity_service.users import repository as users
from identity_service.users.models import SignInUser
from identity_service.users.normal_form import MAX_TYPED_CHARACTERS
from identity_service.users.passwords import Passwords
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.statements import Statement
from watchword.limits import LimitReached
from watchword.tally import Tally

MAX_LOGIN_CHARACTERS: Final = 256

_OUTCOMES: Final[dict[type[BaseException], str]] = {
    InvalidCredentials: "wrong_credentials",
    AccountDisabled: "disabled",
    AddressUnverified: "unverified",
    InitialPasswordExpired: "initial_expired",
    PasswordMustChange: "must_change",
    PasswordNotEnough: "second_factor",
    LimitReached: "limited",
    HashingBusy: "overloaded",
}


@dataclass(frozen=True, slots=True, repr=False)
class PasswordCredentials:
    """A username or an e-mail address, a password, and the browser that they come from if it is known."""

    login: str
    password: str
    device: KnownDevice | None = None

    def is_from_device_of(self, user_id: UUID) -> bool:
        """Whether this user has signed in on the device before."""
        return self.device is not None and self.device.has_account(user_id)


class AuthenticatedUser(NamedTuple):
    """A user whose password was right; `new_hash` replaces an outdated hash of it."""

    user: SignInUser
    new_hash: str | None


Result = TypeVar("Result")
Start = Callable[[AuthenticatedUser], Awaitable[Result]]
"""Starts a session or a sign-on for an authenticated user, or a half-open sign-in for one with a second factor. Raises
AccountChanged if the account, its password or whether it has a second factor changed while the password was
verified."""


class PasswordAuthentication:
    """Authenticates users with a password, and counts the outcomes."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        limits: Limits,
        refused_sign_ins: RefusedSignIns,
        clock: Clock,
        *,
        breach_checks: BreachChecks,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._limits = limits
        self._refused_sign_ins = refused_sign_ins
        self._clock = clock
        self._breach_checks = breach_checks
        self.outcomes = Tally("ok", *_OUTCOMES.values(), "failed")

    async def authenticate(self, credentials: PasswordCredentials, start: Start[Result]) -> Result:
        """Verify the credentials, and return what `start` makes for their user. If it raises AccountChanged, both are
        done once more.

        Raises InvalidCredentials: an unknown user, a disabled one, one whose address must be verified first, an initial
        password that has expired and a wrong password look alike and take equally long; LimitReached.
        """
        with counted(self.outcomes, _OUTCOMES) as outcome:
            if len(credentials.login) > MAX_LOGIN_CHARACTERS or len(credentials.password) > MAX_TYPED_CHARACTERS:
                raise InvalidCredentials("longer than any name or password")
            try:
                return await self._attempt(credentials, start, outcome)
            except AccountChanged:
                # Another sign-in may have replaced an outdated hash of the same password.
                return await self._attempt(credentials, start, outcome)

    async def _attempt(self, credentials: PasswordCredentials, start: Start[Result], outcome: Outcome) -> Result:
        authenticated = await self._verify(credentials)
        result = await start(authenticated)
        outcome.name = "second_factor" if authenticated.user.has_second_factor else "ok"
        self._breach_checks.begin(authenticated.user, credentials.password, authenticated.new_hash)
        return result

    async def _verify(self, credentials: PasswordCredentials) -> AuthenticatedUser:
        statement, login = users.by_login(credentials.login)
        device_id = await self._device_id(credentials, statement, login)
        try:
            # Charged for a login that nobody has, too: a refusal must not tell which accounts exist.
            async with self._limits.sign_in_attempt(login, device_id):
                user = await self._find(statement, login)
                refusal = None if user is None else refusal_of(user, self._clock.now())
                is_right, new_hash = await self._passwords.verify(
                    credentials.password, user.password_hash if user else None, is_refused=refusal is not None
                )
        except LimitReached as error:
            self._refused_sign_ins.count(None if error.limit == self._limits.sign_in_address else login)
            raise
        if user is None or not is_right:
            refusal = InvalidCredentials("unknown user or wrong password")
        elif refusal is None:
            return AuthenticatedUser(user, new_hash)
        await self._refused_sign_ins.record(login, user.id if user is not None else None, REASONS[type(refusal)])
        raise refusal

    async def _device_id(self, credentials: PasswordCredentials, statement: Statement, login: str) -> str | None:
        """The id of the device if the account that has this login now has signed in on it. An account that had the
        login before does not count: its browsers must get no limits of their own."""
        device = credentials.device
        if device is None or not device.has_login(login):
            return None
        user = await self._find(statement, login)
        return device.id if user is not None and device.has_account(user.id) else None

    async def _find(self, statement: Statement, login: str) -> SignInUser | None:
        row = await self._database.reads.fetch_row(statement, login=login)
        return SignInUser(*row) if row is not None else None


class SignIn:
    """Starts sessions of clients that send a user's password, which must be all that the account needs."""

    def __init__(self, authentication: PasswordAuthentication, session_start: SessionStart) -> None:
        self._authentication = authentication
        self._session_start = session_start

    async def sign_in(self, credentials: PasswordCredentials, request: SignInRequest) -> IssuedSession:
        """Start a session. Raises as `PasswordAuthentication.authenticate` does; and after the right password alone
        PasswordMustChange, and PasswordNotEnough if the account has a second factor or must have one."""

        async def start(authenticated: AuthenticatedUser) -> IssuedSession:
            if authenticated.user.must_change_password:
                raise PasswordMustChange
            if authenticated.user.has_second_factor:
                raise PasswordNotEnough
            return await self._session_start.start(authenticated.user, authenticated.new_hash, request)

        return await self._authentication.authenticate(credentials, start)
