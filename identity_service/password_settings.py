"""The settings of passwords and usernames."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from watchword.service import ServiceSettings, split_by_commas


class PasswordScheme(StrEnum):
    BCRYPT_SHA256 = "bcrypt_sha256"
    ARGON2ID = "argon2id"


class PasswordSettings(ServiceSettings):
    """What passwords and usernames must be."""

    password_scheme: PasswordScheme = Field(
        PasswordScheme.BCRYPT_SHA256,
        description="Scheme of password hashes, `bcrypt_sha256` or `argon2id`; a sign-in replaces a hash of another",
    )
    bcrypt_rounds: int = Field(12, ge=4, le=16, description="Cost of a bcrypt hash; below 12 for tests only")
    reserved_usernames: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Usernames that nobody may choose, beside those of `docs/security.md`, separated by commas",
    )

    _split_lists_of_passwords = field_validator("reserved_usernames", mode="before")(split_by_commas)
