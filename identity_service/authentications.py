"""When and how a person was authenticated."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple


class Authentication(NamedTuple):
    """The time, the authentication context class (`acr`) and the methods (`amr`, RFC 8176) of an authentication:
    OpenID Connect Core section 2."""

    at: datetime
    acr: str
    amr: Sequence[str]
