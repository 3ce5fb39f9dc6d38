"""Every environment variable of this service, typed, with its default and its meaning."""

import binascii
import os
from base64 import urlsafe_b64decode
from ipaddress import ip_network
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from watchword.service import EnvironmentSettings, MigrationSettings, ServiceSettings, split_by_commas


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="IDENTITY_")

    port: int = Field(8001, ge=1, le=65535, description="Port to listen on")
    key_encryption_key: SecretStr = Field(
        description="32 random bytes in URL-safe base64; the signing keys in the database are encrypted under it"
    )
    access_token_seconds: int = Field(600, ge=10, le=3_600, description="How long an access token is valid")
    refresh_token_seconds: int = Field(
        1_209_600, ge=60, description="How long a refresh token is valid if it is not used (14 days)"
    )
    session_seconds: int = Field(5_184_000, ge=60, description="How long a session lasts, even if it is used (60 days)")
    refresh_retry_seconds: int = Field(
        10, ge=0, le=60, description="How long a used refresh token may be sent again; it gets the same successor"
    )
    jwks_max_age_seconds: int = Field(300, ge=1, le=3_600, description="How long others may cache verification keys")
    signing_key_seconds: int = Field(
        2_592_000, ge=2, description="How long a key signs before the next one takes over (30 days)"
    )
    key_check_seconds: float = Field(
        5.0, gt=0, le=60, description="Seconds between two checks of the keys in the database, in each process"
    )
    browser_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Origins of pages that may sign in with a cookie, beside this service's own, separated by commas",
    )
    long_poll_seconds: float = Field(
        20.0, ge=0, le=60, description="How long a poll for security events waits for the next one"
    )
    push_networks: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Networks that are not public and that events may be pushed to, separated by commas",
    )
    password_grant: bool = Field(
        True, description="Offer the password grant to first-party clients (RFC 9700 forbids it to all others)"
    )
    bcrypt_rounds: int = Field(12, ge=4, le=16, description="Cost of a password hash; below 12 for tests only")
    hash_threads: int = Field(
        default_factory=lambda: min(os.cpu_count() or 1, 64),
        ge=1,
        le=64,
        description="Threads that hash passwords; default: one per core",
    )
    hash_queue: int = Field(64, ge=1, le=10_000, description="Passwords that may wait for a thread; beyond it 503")

    _split_lists_of_identity = field_validator("browser_origins", "push_networks", mode="before")(split_by_commas)

    @field_validator("push_networks")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network)
        return value

    @field_validator("key_encryption_key")
    @classmethod
    def _is_256_bits(cls, value: SecretStr) -> SecretStr:
        try:
            is_256_bits = len(urlsafe_b64decode(value.get_secret_value())) == 32
        except (binascii.Error, ValueError):
            is_256_bits = False
        if not is_256_bits:
            raise ValueError("it must be 32 bytes in URL-safe base64")
        return value


class IdentityMigrationSettings(MigrationSettings):
    model_config = SettingsConfigDict(env_prefix="IDENTITY_")


class SetupSettings(EnvironmentSettings):
    """The settings of the command `setup`, beside those of the service."""

    model_config = SettingsConfigDict(env_prefix="IDENTITY_")

    posts_audience: str = Field(min_length=1, description="The audience that names posts_service; for `setup` only")
    posts_client_secret: SecretStr = Field(min_length=16, description="Secret of the client `posts`; for `setup` only")
    admin_password: SecretStr | None = Field(
        None,
        min_length=1,
        description="Password of the account `admin`, which `setup` creates if there is no administrator",
    )
