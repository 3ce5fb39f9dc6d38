"""One form for what people type: the same password or e-mail address arrives in several forms of Unicode."""

import unicodedata
from typing import Final

from email_validator import EmailNotValidError, validate_email

MAX_PASSWORD_CHARACTERS: Final = 256
"""The length of the longest password, in its normal form."""

MAX_TYPED_CHARACTERS: Final = 4 * MAX_PASSWORD_CHARACTERS
"""The length of the longest password as it arrives: no Unicode form of a character has more than four."""


def normal_password(password: str) -> str:
    """The password in the form that is hashed (RFC 8265 section 4.2.2): every space is U+0020, the rest is NFC.

    Nothing is refused here, not even what section 4.2.1 disallows: a user who has such a password would be locked out.
    """
    spaced = "".join(" " if unicodedata.category(character) == "Zs" else character for character in password)
    return unicodedata.normalize("NFC", spaced)


def without_case(login: str) -> str:
    """The login with each character in lower case, as PostgreSQL's `lower` maps it: one for one, whatever follows."""
    return "".join(character.lower()[0] for character in login)


def normal_email(address: str) -> str:
    """The address in the form that is stored. Raises ValueError, with a text for the person, if it is invalid."""
    try:
        return validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
