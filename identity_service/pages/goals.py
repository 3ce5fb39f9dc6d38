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
    """The path of a page of the account, and whether it asks for a person who was authenticated a short time ago."""

    path: str = ACCOUNT
    is_fresh: bool = False

    @classmethod
    def of(cls, path: str, *, is_fresh: bool) -> Self:
        """Any other path than that of a page of the account becomes the first of them: who sends a person here chooses
        the path, and must not choose another site (CWE-601)."""
        is_own = len(path) <= _MAX_CHARACTERS and _OWN.fullmatch(path) is not None
        return cls(path if is_own else ACCOUNT, is_fresh)

    @property
    def sign_in_path(self) -> str:
        """The page that signs a person on, and leads here."""
        fresh = {"fresh": "true"} if self.is_fresh else {}
        return f"{SIGN_IN}?{urlencode({'return': self.path, **fresh}, safe='/')}"
