"""The random tokens of links, and how long each kind of link can be used."""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from identity_service.links.models import LinkKind

_HOUR: Final = timedelta(hours=1)
_WEEK: Final = timedelta(days=7)

LIFETIMES: Final = {
    LinkKind.VERIFICATION: _HOUR,
    LinkKind.PASSWORD_RESET: _HOUR,
    LinkKind.ADDRESS_CHANGE: _HOUR,
    LinkKind.ADDRESS_UNDO: _WEEK,
    LinkKind.NOTICE: _WEEK,
}


def make_token() -> str:
    """A token of 32 random bytes, in URL-safe base64."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> bytes:
    """What is stored of a token. It cannot be guessed, so a fast hash without salt is enough."""
    return hashlib.sha256(token.encode(errors="replace")).digest()
