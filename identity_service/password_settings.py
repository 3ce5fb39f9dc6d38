"""The settings of passwords and usernames."""

from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from watchword.loopback import is_loopback
from watchword.service import ServiceSettings, split_by_commas
from watchword.service.web_origins import web_url


class PasswordScheme(StrEnum):
    BCRYPT_SHA256 = "bcrypt_sha256"
    ARGON2ID = "argon2id"


class BreachPolicy(StrEnum):
    """What happens to a password that could not be checked."""

    ACCEPT = "accept"
    REFUSE = "refuse"


class PasswordSettings(ServiceSettings):
    """What passwords and usernames must be."""

    password_scheme: PasswordScheme = Field(
        PasswordScheme.BCRYPT_SHA256,
        description="Scheme of password hashes, `bcrypt_sha256` or `argon2id`; a sign-in replaces a hash of another",
    )
    bcrypt_rounds: int = Field(12, ge=4, le=16, description="Cost of a bcrypt hash; below 12 for tests only")
    password_words: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Words that are easy to guess in passwords here, such as names of the organization, by commas",
    )
    breached_passwords_url: str | None = Field(
        None,
        description="Range service of breached passwords, to whose URL five digits of a SHA-1 are added; default: none",
    )
    breached_passwords_failure: BreachPolicy = Field(
        BreachPolicy.ACCEPT,
        description="What happens to a password that the range service does not answer for: `accept` or `refuse`",
    )
    reserved_usernames: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Usernames that nobody may choose, beside those of `docs/security.md`, separated by commas",
    )

    _split_lists_of_passwords = field_validator("password_words", "reserved_usernames", mode="before")(split_by_commas)

    @field_validator("breached_passwords_url")
    @classmethod
    def _is_private(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(web_url(value))
        is_loopback_http = parts.scheme == "http" and is_loopback(parts.hostname)
        if not (parts.scheme == "https" or is_loopback_http) or "?" in value:
            raise ValueError("it must be a URL that begins with https:// and has neither a query nor a fragment")
        return value.rstrip("/")
