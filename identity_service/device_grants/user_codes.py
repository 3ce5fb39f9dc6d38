"""User codes: what a person reads on a device and types on the page that allows it (RFC 8628 section 6.1)."""

import re
import secrets
from typing import Final

ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so that no code is a word; no digits, so that none looks like a letter."""

LENGTH: Final = 8
"""20 to the power of 8 are 34 bits."""

_NO_LETTERS: Final = re.compile(r"[\W_]+")
_CODE: Final = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")


def make_user_code() -> str:
    """A random code in its normal form: letters alone."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def display_form(code: str) -> str:
    """The code as people see it: two groups of four letters."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def normal_form(text: str) -> str | None:
    """The code that a person typed, in its normal form; None if the text cannot be one. Case, spaces and punctuation
    are ignored."""
    letters = _NO_LETTERS.sub("", text).upper()
    return letters if _CODE.fullmatch(letters) else None
