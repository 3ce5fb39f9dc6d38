"""Authenticating people by a name and a password, and starting sessions for those who did so."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

from identity_service.authentication.known_devices import KnownDevice
from identity_service.errors import (
    AccountChanged,
    AccountDisabled,
    AddressUnverified,
    HashingBusy,
    InvalidCredentials,
)
from identity_service.limits import Limits
from identity_service.refused_sign_ins.models import Reason
from identity_service.refused_sign_ins.service import RefusedSignIns
from identity_service.sessions.start import SessionStart
from identity_service.sessions.values import IssuedSession, SignInRequest
from identity_service.users import repository as users
from identity_service.users.models import SignInUser
from identity_service.users.normal_form import MAX_TYPED_CHARACTERS
from identity_service.users.passwords import Passwords
from watchword.database.database import Database
from watchword.database.statements import Statement
from watchword.limits import LimitReached
from watchword.tally import Tally

MAX_LOGIN_CHARACTERS: Final = 256

_REASONS: Final = {
    InvalidCredentials: Reason.CREDENTIALS,
    AccountDisabled: Reason.DISABLED,
    AddressUnverified: Reason.UNVERIFIED,
}


@dataclass(frozen=True, slots=True, repr=False)
class PasswordCredentials:
    """A username or an e-mail address, a password, and the browser that they come from if it is known."""

    login: str
    password: str
    device: KnownDevice | None = None

    def device_id(self, login: str) -> str | None:
        """The id of the device if somebody has signed in on it with this login, which is in its normal form."""
        return self.device.id if self.device is not None and self.device.has_login(login) else None


class AuthenticatedUser(NamedTuple):
    """A user whose password was right; `new_hash` replaces an outdated hash of it."""

    user: SignInUser
    new_hash: str | None


Started = TypeVar("Started")
Start = Callable[[AuthenticatedUser], Awaitable[Started]]
"""Starts something for an authenticated user. Raises AccountChanged if the account or its password changed while the
password was verified."""


class PasswordAuthentication:
    """Authenticates users with a password, and counts the outcomes."""

    def __init__(
        self, database: Database, passwords: Passwords, limits: Limits, refused_sign_ins: RefusedSignIns
    ) -> None:
        self._database = database
        self._refused = refused_sign_ins
        self._passwords = passwords
        self._limits = limits
        self.outcomes = Tally("ok", "wrong_credentials", "disabled", "unverified", "limited", "overloaded", "failed")

    async def authenticate(self, credentials: PasswordCredentials, start: Start[Started]) -> Started:
        """Verify the credentials, and return what `start` makes for their user. If it raises AccountChanged, both are
        done once more.

        Raises InvalidCredentials: an unknown user, a disabled one, one whose address must be verified first and a wrong
        password look alike and take equally long; LimitReached.
        """
        with self._counted():
            if len(credentials.login) > MAX_LOGIN_CHARACTERS or len(credentials.password) > MAX_TYPED_CHARACTERS:
                raise InvalidCredentials("longer than any name or password")
            try:
                return await start(await self._verify(credentials))
            except AccountChanged:
                # Another sign-in may have replaced an outdated hash of the same password.
                return await start(await self._verify(credentials))

    async def _verify(self, credentials: PasswordCredentials) -> AuthenticatedUser:
        statement, login = users.by_login(credentials.login)
        try:
            # Charged for a login that nobody has, too: a refusal must not tell which accounts exist.
            async with self._limits.sign_in_attempt(login, credentials.device_id(login)):
                user = await self._find(statement, login)
                is_right, new_hash = await self._verify_hash(credentials.password, user)
        except LimitReached as error:
            self._refused.count(None if error.limit == self._limits.sign_in_address else login)
            raise
        if user is not None and is_right and user.may_sign_in:
            return AuthenticatedUser(user, new_hash)
        refusal = _refusal(user, is_right=is_right)
        await self._refused.record(login, user.id if user is not None else None, _REASONS[type(refusal)])
        raise refusal

    async def _verify_hash(self, password: str, user: SignInUser | None) -> tuple[bool, str | None]:
        password_hash = user.password_hash if user is not None else None
        is_refused = user is not None and not user.may_sign_in
        return await self._passwords.verify(password, password_hash, is_refused=is_refused)

    async def _find(self, statement: Statement, login: str) -> SignInUser | None:
        row = await self._database.reads.fetch_row(statement, login=login)
        return SignInUser(*row) if row is not None else None

    @contextmanager
    def _counted(self) -> Iterator[None]:
        outcome = "failed"
        try:
            yield
            outcome = "ok"
        except AccountDisabled:
            outcome = "disabled"
            raise
        except AddressUnverified:
            outcome = "unverified"
            raise
        except InvalidCredentials:
            outcome = "wrong_credentials"
            raise
        except LimitReached:
            outcome = "limited"
            raise
        except HashingBusy:
            outcome = "overloaded"
            raise
        finally:
            self.outcomes[outcome] += 1


def _refusal(user: SignInUser | None, *, is_right: bool) -> InvalidCredentials:
    """Why nobody is signed in. The callers see no difference."""
    if user is None or not is_right:
        return InvalidCredentials("unknown user or wrong password")
    if not user.is_active:
        return AccountDisabled("the account is disabled")
    return AddressUnverified("the account awaits the verification of its address")


class SignIn:
    """Starts sessions of clients that send a user's password."""

    def __init__(self, authentication: PasswordAuthentication, session_start: SessionStart) -> None:
        self._authentication = authentication
        self._session_start = session_start

    async def sign_in(self, credentials: PasswordCredentials, request: SignInRequest) -> IssuedSession:
        """Start a session. Raises as `PasswordAuthentication.authenticate` does."""

        async def start(authenticated: AuthenticatedUser) -> IssuedSession:
            return await self._session_start.start(authenticated.user, authenticated.new_hash, request)

        return await self._authentication.authenticate(credentials, start)
