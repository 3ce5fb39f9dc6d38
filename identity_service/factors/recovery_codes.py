"""Recovery codes: each takes the place of a second factor, once."""

import re
import secrets
from typing import Final
from uuid import UUID

from identity_service.keys.digests import Digests

COUNT: Final = 10
"""How many an account has at first."""

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Base32 as Crockford writes it: no i, l, o and u. If one is typed, i and l are read as 1, and o as 0."""

_LENGTH: Final = 16
"""32 to the power of 16 are 80 bits."""

_GROUP: Final = 4
_SEPARATORS: Final = re.compile(r"[\s-]+")
_LOOK_ALIKES: Final = str.maketrans("ilo", "110")
_CODE: Final = re.compile(f"[{ALPHABET}]{{{_LENGTH}}}")


def make_codes() -> list[str]:
    """Ten codes as people see them: four groups of four characters."""
    return [_display_form("".join(secrets.choice(ALPHABET) for _ in range(_LENGTH))) for _ in range(COUNT)]


def normal_form(text: str) -> str | None:
    """The recovery code that a person typed, in its normal form; None if the text cannot be one. Case, spaces and
    hyphens are ignored."""
    code = _SEPARATORS.sub("", text).lower().translate(_LOOK_ALIKES)
    return code if _CODE.fullmatch(code) else None


def digest_of(digests: Digests, user_id: UUID, code: str) -> bytes:
    """What is stored of a code, in any form that can be read."""
    return digests.of("recovery codes", f"{user_id} {normal_form(code)}")


def _display_form(code: str) -> str:
    return "-".join(code[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))
