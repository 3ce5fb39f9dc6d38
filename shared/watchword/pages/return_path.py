"""Where a person goes after signing in: a page of this service, and of no other (CWE-601)."""

import re
from typing import Final

from watchword.pages.errors import ReturnRefused

FRONT_PAGE: Final = "/"
MAX_CHARACTERS: Final = 1_000
# Browsers drop tabs and line feeds from a URL, take a backslash for a slash, and `//host` for another site.
_OWN_PATH: Final = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_SIGN_IN: Final = re.compile(r"/auth(?:[/?#]|$)", re.IGNORECASE)


def ensure_own_path(path: str) -> None:
    """Raise ReturnRefused unless this is a path of this service, with or without a query, and none of signing in, which
    would begin again without end."""
    if len(path) > MAX_CHARACTERS or _OWN_PATH.fullmatch(path) is None or _SIGN_IN.match(path):
        raise ReturnRefused("the path to return to is not one of this service")
