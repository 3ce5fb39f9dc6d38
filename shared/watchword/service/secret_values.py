"""What every secret of a service must be: long enough, used for one purpose, and not an example from documentation."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import SecretStr

MIN_SECRET_LENGTH: Final = 16

_MIN_DIFFERENT_CHARACTERS: Final = 5
_EXAMPLE: Final = re.compile(
    r"change.?me|replace.?(me|this|with)|your.?(own.?)?(secret|password|key)|placeholder|[<>…]", re.I
)


def ensure_secret(value: SecretStr) -> SecretStr:
    """Return the value. Raises ValueError if it is short, in quotes or an example."""
    secret = value.get_secret_value()
    if len(secret) < MIN_SECRET_LENGTH:
        raise ValueError(f"it must have at least {MIN_SECRET_LENGTH} characters")
    ensure_unquoted(secret)
    if _EXAMPLE.search(secret) or len(set(secret)) < _MIN_DIFFERENT_CHARACTERS:
        raise ValueError("it is an example or too easy to guess: make one with `openssl rand -base64 32`")
    return value


def ensure_unquoted(text: str) -> str:
    """Return the text. Raises ValueError if it stands in quotes, as a file for `docker run --env-file` leaves them."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`":
        raise ValueError("it stands in quotes, which would be part of it: leave them out")
    return text


def ensure_different(value: SecretStr, others: Mapping[str, object]) -> None:
    """Raise ValueError if one of these settings, by the names of their variables, holds the same secret."""
    for variable, other in others.items():
        if value.get_secret_value() in _secrets_in(other):
            raise ValueError(f"the same secret is in {variable}: each must be used for one purpose only")


def without_password(url: str) -> str:
    """The URL with `***` instead of its password, and instead of each parameter of its query that is a password."""
    parts = urlsplit(url)
    account, at, server = parts.netloc.rpartition("@")
    user, colon, _ = account.partition(":")
    query = re.sub(r"(?i)(^|&)([^&=]*password[^&=]*)=[^&]*", r"\1\2=***", parts.query)
    return parts._replace(netloc=f"{user}{':***' if colon else ''}{at}{server}", query=query).geturl()


def _secrets_in(value: object) -> set[str]:
    """What a setting holds that may be a secret: itself, and the password in a URL."""
    if isinstance(value, SecretStr):
        return {value.get_secret_value()}
    if isinstance(value, tuple):
        return {secret for member in value for secret in _secrets_in(member)}
    if not isinstance(value, str):
        return set()
    try:
        url = urlsplit(value)
    except ValueError:
        return {value}
    # In libpq a plus sign is a plus sign.
    options = parse_qs(url.query.replace("+", "%2B"))
    return {value, unquote(url.password or ""), *options.get("password", ())}
