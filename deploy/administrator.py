"""The first administrator of an installation, whom `make run` and `make up` choose once and then remember.

It needs nothing but the standard library and a list: `make up` runs without a virtual environment.
"""

import getpass
import re
from contextlib import suppress
from typing import Final, NamedTuple

from deploy.common import CommandFailed
from identity_service.users.reserved_names import RESERVED, plain_name

FORMER_NAME: Final = "admin"
"""The name of the administrator in installations that an earlier release made."""

_DEFAULT_NAME: Final = "first-admin"
_OF_EXAMPLES: Final = frozenset(
    ("ada", "alan", "barbara", "edsger", "eve", "grace", "katherine", "margaret", "mary", "sue")
)
"""Names of the accounts that the walk-throughs and `make demo` make."""

# A username from which an e-mail address can be made.
_NAME: Final = re.compile(r"(?=.{3,32}\Z)[A-Za-z0-9]+([._-][A-Za-z0-9]+)*")
# It refuses what identity would certainly refuse: once remembered, that would keep the stack from starting.
_EMAIL: Final = re.compile(
    r"(?=.{6,254}\Z)[^@\s<>()\[\],:;\"\\]+@([^@\s.]+\.)+(?!(arpa|invalid|local|localhost|onion|test)\Z)[^@\s.]{2,}",
    re.IGNORECASE,
)


class Administrator(NamedTuple):
    username: str
    email: str

    @property
    def is_former(self) -> bool:
        """Whether an earlier release may have made the account, with a password that need not be changed."""
        return self.username == FORMER_NAME


def choose_administrator(username: str | None = None, email: str | None = None) -> Administrator:
    """The administrator with this name and address. Default: the name of the user of this machine if accounts may have
    it, and an address made of the name.

    Raises CommandFailed if `username` cannot be a username, or `email` no e-mail address.
    """
    if username is not None and not _NAME.fullmatch(username):
        raise CommandFailed(f"ADMIN={username} cannot be a username: 3 to 32 letters and digits, with single . _ or -")
    if email is not None and not _EMAIL.fullmatch(email):
        raise CommandFailed(f"ADMIN_EMAIL={email} cannot be an e-mail address, such as jdoe@example.org")
    name = username or _name_of_user() or _DEFAULT_NAME
    return Administrator(name, email or email_of(name))


def email_of(username: str) -> str:
    """A placeholder for an e-mail address: nobody can be reached there."""
    return f"{username}@example.com"


def ensure_same(present: Administrator, username: str | None, email: str | None, place: object) -> None:
    """Raise CommandFailed if these are given and are not those of the administrator whom `place` remembers."""
    for name, value, other in (("ADMIN", present.username, username), ("ADMIN_EMAIL", present.email, email)):
        if other not in (None, value):
            raise CommandFailed(
                f"{name}={other} has no effect: {place} remembers that the first administrator is {present.username},"
                f" {present.email}; leave it out"
            )


def _name_of_user() -> str | None:
    with suppress(ImportError, KeyError, OSError):
        name = getpass.getuser()
        if _NAME.fullmatch(name) and plain_name(name) not in RESERVED | _OF_EXAMPLES:
            return name
    return None
