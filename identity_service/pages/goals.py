"""Where a person goes after signing on."""

import re
from typing import Final, NamedTuple, Self
from urllib.parse import urlencode

ACCOUNT: Final = "/account"
CHANGE_PASSWORD: Final = f"{ACCOUNT}/password"
SIGN_IN: Final = "/sign-in"
_OWN: Final = re.compile(rf"{ACCOUNT}(?:/[A-Za-z0-9_-]+)*", re.ASCII)
_MAX_CHARACTERS: Final = 200


class Goal(NamedTuple):
    """The path of a page of the account, and whether the page needs a person who was authenticated a short time ago."""

    path: str = ACCOUNT
    needs_fresh: bool = False

    @classmethod
    def of(cls, path: str, *, needs_fresh: bool) -> Self:
        """The goal with this path if it is a page of the account, and otherwise with /account: the site that a person
        comes from chooses the path, and must not choose another site (CWE-601)."""
        is_own = len(path) <= _MAX_CHARACTERS and _OWN.fullmatch(path) is not None
        return cls(path if is_own else ACCOUNT, needs_fresh)

    @property
    def sign_in_path(self) -> str:
        """The path of the sign-in page that leads to this goal."""
        fresh = {"fresh": "true"} if self.needs_fresh else {}
        return f"{SIGN_IN}?{urlencode({'return': self.path, **fresh}, safe='/')}"
