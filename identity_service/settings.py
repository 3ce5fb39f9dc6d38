"""Every environment variable of this service, typed. Read once, by whoever assembles the parts."""

import binascii
import os
from base64 import urlsafe_b64decode
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from watchword.service.settings import MigrationSettings, ServiceSettings, split_by_commas


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="IDENTITY_")

    port: int = Field(8001, ge=1, le=65535, description="Port to listen on")
    key_encryption_key: SecretStr = Field(
        description="32 random bytes in URL-safe base64; the signing keys in the database are encrypted under it"
    )
    access_token_seconds: int = Field(600, ge=10, le=3_600, description="How long an access token is good")
    refresh_token_seconds: int = Field(
        1_209_600, ge=60, description="How long a refresh token is good if it is not used (14 days)"
    )
    session_seconds: int = Field(
        5_184_000, ge=60, description="How long a session lasts however much it is used (60 days)"
    )
    refresh_retry_seconds: int = Field(
        10, ge=0, le=60, description="How long a used refresh token still gets the same successor again"
    )
    jwks_max_age_seconds: int = Field(300, ge=1, le=3_600, description="How long others may keep the verification keys")
    signing_key_seconds: int = Field(
        2_592_000, ge=2, description="How long one key signs before the next takes over (30 days)"
    )
    key_check_seconds: float = Field(
        5.0, gt=0, le=60, description="How often each process looks at the keys in the database"
    )
    browser_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Origins of pages, beside this service's own, that may sign in with a cookie",
    )
    long_poll_seconds: float = Field(
        20.0, ge=0, le=60, description="How long a poll for security events waits for one to happen"
    )
    password_grant: bool = Field(
        True, description="Offer the password grant to first-party clients (RFC 9700 forbids it to all others)"
    )
    bcrypt_rounds: int = Field(12, ge=4, le=16, description="Cost of a password hash; below 12 for tests only")
    hash_threads: int = Field(
        default_factory=lambda: min(os.cpu_count() or 1, 64),
        ge=1,
        le=64,
        description="Threads that hash; default: one per core",
    )
    hash_queue: int = Field(64, ge=1, le=10_000, description="Sign-ins that may wait for a thread; beyond it 503")

    _split_browser_origins = field_validator("browser_origins", mode="before")(split_by_commas)

    @field_validator("key_encryption_key")
    @classmethod
    def _is_256_bits(cls, value: SecretStr) -> SecretStr:
        try:
            good = len(urlsafe_b64decode(value.get_secret_value())) == 32
        except (binascii.Error, ValueError):
            good = False
        if not good:
            raise ValueError("32 bytes in URL-safe base64 are needed")
        return value


class Migration(MigrationSettings):
    model_config = SettingsConfigDict(env_prefix="IDENTITY_")


class Setup(BaseSettings):
    """What `setup` needs beside the settings of the service."""

    model_config = SettingsConfigDict(env_prefix="IDENTITY_")

    posts_audience: str = Field(min_length=1, description="The audience that names posts_service; for `setup` only")
    posts_client_secret: SecretStr = Field(min_length=16, description="Secret of the client `posts`; for `setup` only")
    admin_password: SecretStr | None = Field(
        None,
        min_length=1,
        description="Password of the account `admin`, which `setup` makes where nobody is an administrator",
    )
