"""Signing in with a name and a password, whichever door it is done at."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from identity_service.errors import HashingBusy
from identity_service.oauth.errors import AccountChanged, AccountDisabled, InvalidGrant
from identity_service.sessions import service
from identity_service.sessions.service import Grant, Lifetimes, SignInRequest
from identity_service.users import repository as users
from identity_service.users.passwords import Passwords
from watchword.database.database import Database

OUTCOMES: Final = ("ok", "wrong_credentials", "disabled", "overloaded", "failed")
_MAX_CHARACTERS: Final = 256


@dataclass(frozen=True, slots=True, repr=False)
class PasswordCredentials:
    """What somebody types: a username or an e-mail address, and a password."""

    login: str
    password: str


async def sign_in(
    database: Database,
    passwords: Passwords,
    outcomes: dict[str, int],
    proof: PasswordCredentials,
    asked: SignInRequest,
    lifetimes: Lifetimes,
    now: datetime,
) -> Grant:
    """Begin a session. Unknown user, disabled user and wrong password are one InvalidGrant, and take equally long; they
    differ in what is counted in `outcomes`, whose keys are OUTCOMES."""
    with _counted(outcomes):
        if len(proof.login) > _MAX_CHARACTERS or len(proof.password) > _MAX_CHARACTERS:
            raise InvalidGrant("longer than any name or password")
        try:
            return await _attempt(database, passwords, proof, asked, lifetimes, now)
        except AccountChanged:
            # Another sign-in may have replaced an outdated hash of the same password.
            return await _attempt(database, passwords, proof, asked, lifetimes, now)


@contextmanager
def _counted(outcomes: dict[str, int]) -> Iterator[None]:
    outcome = "failed"
    try:
        yield
        outcome = "ok"
    except AccountDisabled:
        outcome = "disabled"
        raise
    except InvalidGrant:
        outcome = "wrong_credentials"
        raise
    except HashingBusy:
        outcome = "overloaded"
        raise
    finally:
        outcomes[outcome] += 1


async def _attempt(
    database: Database,
    passwords: Passwords,
    proof: PasswordCredentials,
    asked: SignInRequest,
    lifetimes: Lifetimes,
    now: datetime,
) -> Grant:
    async with database.begin() as db:
        user = await users.find_by_login(db, proof.login)
    right, new_hash = await passwords.verify(proof.password, user.password_hash if user is not None else None)
    if user is None or not right:
        raise InvalidGrant("unknown user or wrong password")
    if not user.is_active:
        raise AccountDisabled("the account is disabled")
    return await service.begin(database, user, new_hash, asked, lifetimes, now)
