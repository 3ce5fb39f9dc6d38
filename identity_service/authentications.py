"""When and how a person was authenticated."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

PASSWORD: Final = "pwd"  # noqa: S105 - the name of a method (RFC 8176), no password
"""The value of `acr` and of `amr` for a person who was authenticated with a password."""


class Authentication(NamedTuple):
    """The time, the authentication context class (`acr`) and the methods (`amr`, RFC 8176) of an authentication:
    OpenID Connect Core section 2."""

    at: datetime
    acr: str
    amr: Sequence[str]


def by_password(at: datetime) -> Authentication:
    return Authentication(at, PASSWORD, (PASSWORD,))
