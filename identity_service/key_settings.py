"""The settings of the key-encryption keys."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from watchword.service import ServiceSettings, split_by_commas
from watchword.service.secret_values import ensure_different, ensure_secret


class KeySettings(ServiceSettings):
    """The key that seals, and those that only open. Each is 32 random bytes in URL-safe base64."""

    key_encryption_key: SecretStr = Field(
        description="32 random bytes in URL-safe base64; the signing keys in the database are encrypted under it"
    )
    former_key_encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Key-encryption keys that only open what they have sealed, separated by commas, while another one"
        " takes their place",
    )

    _split_former = field_validator("former_key_encryption_keys", mode="before")(split_by_commas)

    @field_validator("key_encryption_key")
    @classmethod
    def _is_key(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        return _ensure_key(value, {cls.variable(name): other for name, other in info.data.items()})

    @field_validator("former_key_encryption_keys")
    @classmethod
    def _are_keys(cls, value: tuple[SecretStr, ...], info: ValidationInfo) -> tuple[SecretStr, ...]:
        others = {cls.variable(name): other for name, other in info.data.items()}
        if len({key.get_secret_value() for key in value}) < len(value):
            raise ValueError("it has one key twice: write each once")
        return tuple(_ensure_key(key, others) for key in value)


def _ensure_key(value: SecretStr, others: Mapping[str, object]) -> SecretStr:
    """The key. Raises ValueError if it is not 256 bits long, too easy to guess, or in one of these settings too."""
    try:
        key = b64decode(value.get_secret_value(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise ValueError("it must be 32 bytes in URL-safe base64")
    ensure_different(value, others)
    return ensure_secret(value)
