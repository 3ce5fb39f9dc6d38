"""Every environment variable of this service, typed, with its default and its meaning."""

import math
import os
from typing import Annotated

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from identity_service.key_settings import KeySettings
from identity_service.limit_settings import LimitSettings
from identity_service.mail_settings import MailSettings
from identity_service.network_settings import NetworkSettings
from identity_service.page_settings import PageSettings
from identity_service.password_settings import PasswordSettings
from watchword.service import MigrationSettings, none_if_empty, split_by_commas
from watchword.service.networks import networks
from watchword.service.secret_values import ensure_different, ensure_secret, ensure_unquoted
from watchword.service.web_origins import audience_url, origin_with_cookies

_TEN_YEARS = 315_360_000


class Settings(KeySettings, MailSettings, PageSettings, PasswordSettings, NetworkSettings, LimitSettings):
    model_config = SettingsConfigDict(env_prefix="IDENTITY_")

    port: int = Field(8001, ge=1, le=65535, description="Port to listen on")
    access_token_seconds: int = Field(
        600,
        ge=10,
        le=3_600,
        description="How long an access token is valid; it never outlives its session",
    )
    refresh_token_seconds: int = Field(
        1_209_600, ge=60, le=_TEN_YEARS, description="How long a refresh token is valid if it is not used (14 days)"
    )
    session_seconds: int = Field(
        5_184_000, ge=60, le=_TEN_YEARS, description="How long a session lasts, even if it is used (60 days)"
    )
    refresh_retry_seconds: int = Field(
        10, ge=0, le=60, description="How long a used refresh token may be sent again; it gets the same successor"
    )
    sessions_per_account: int = Field(
        100,
        ge=1,
        le=10_000,
        description="Sessions that an account may have, and as many sign-ons at the pages; a sign-in beyond it ends the"
        " one that was used longest ago, but first those sessions that cannot be refreshed",
    )
    jwks_max_age_seconds: int = Field(300, ge=1, le=3_600, description="How long others may cache verification keys")
    signing_key_seconds: int = Field(
        2_592_000, ge=2, le=_TEN_YEARS, description="How long a key signs before the next one takes over (30 days)"
    )
    key_check_seconds: float = Field(
        5.0, gt=0, le=60, description="Seconds between two checks whether the next key is due, in each process"
    )
    long_poll_seconds: float = Field(
        1.0, ge=0, description="How long a poll for security events waits for the next one; 1 at most"
    )
    push_networks: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Networks that are not public and that events and logout tokens may go to, separated by commas",
    )
    password_grant: bool = Field(
        False,
        description="Offer the password grant to first-party clients, for scripts (RFC 9700 forbids it to all others)",
    )
    hash_threads: int = Field(
        default_factory=lambda: min(os.cpu_count() or 1, 64),
        ge=1,
        le=64,
        description="Threads that hash passwords; default: one per core",
    )
    hash_queue: int = Field(
        64,
        ge=1,
        le=10_000,
        description="Passwords that may wait for a thread, a quarter of them for one caller's address; beyond it 503",
    )

    posts_audience: str | None = Field(
        None, description="The audience that names posts_service, linked at `/`; `setup` requires it"
    )

    _split_push_networks = field_validator("push_networks", mode="before")(split_by_commas)

    @field_validator("long_poll_seconds")
    @classmethod
    def _proves_contact(cls, value: float) -> float:
        if not value <= 1:
            raise ValueError(
                "a poll waits for one second at most, since every answer proves to a receiver that it still hears of"
                " revocations: leave it out"
            )
        return value

    @field_validator("push_networks")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return networks(value, "all addresses would include those of this machine and of its cloud: write each network")

    @field_validator("session_seconds")
    @classmethod
    def _outlasts_its_tokens(cls, value: int, info: ValidationInfo) -> int:
        refresh_token_seconds = info.data.get("refresh_token_seconds", 0)
        if value < refresh_token_seconds:
            refresh = cls.variable("refresh_token_seconds")
            raise ValueError(
                f"a refresh token ends with its session: {refresh} is {refresh_token_seconds}, which is more"
            )
        return value

    @field_validator("key_check_seconds")
    @classmethod
    def _sees_every_key_end(cls, value: float, info: ValidationInfo) -> float:
        signing_key_seconds = info.data.get("signing_key_seconds", math.inf)
        if signing_key_seconds < 2 * value:
            signing = cls.variable("signing_key_seconds")
            raise ValueError(
                f"keys would end between two checks: {signing} is {signing_key_seconds}; write at most half"
            )
        return value

    @field_validator("posts_audience")
    @classmethod
    def _is_not_identity(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and value == info.data.get("issuer"):
            raise ValueError("it must not be the issuer, which is the audience of identity's own API")
        return None if value is None else audience_url(value)


class IdentityMigrationSettings(MigrationSettings):
    model_config = SettingsConfigDict(env_prefix="IDENTITY_")


class SetupSettings(Settings):
    """The settings of the command `setup`: those of the service, and its own."""

    posts_audience: str = Field(min_length=1, description="The audience that names posts_service")
    posts_pages_origin: str | None = Field(
        None,
        description="Origin of the pages of posts, if it is not that of its audience (`POSTS_PAGES_ORIGIN`); for"
        " `setup` only, which lets people sign in there",
    )
    posts_client_secret: SecretStr = Field(description="Secret of the client `posts`; for `setup` only")
    admin_password: SecretStr | None = Field(
        None,
        min_length=1,
        description="Initial password of the first administrator, whom `setup` creates if there is none; the person"
        " changes it at the first sign-in, within seven days",
    )
    admin_username: str | None = Field(
        None, min_length=1, validate_default=True, description="Username of the first administrator"
    )
    admin_email: str | None = Field(
        None, min_length=1, validate_default=True, description="E-mail address of the first administrator"
    )

    _may_be_empty = field_validator("posts_pages_origin", mode="before")(none_if_empty)

    @field_validator("posts_pages_origin")
    @classmethod
    def _has_safe_cookies(cls, value: str | None) -> str | None:
        return None if value is None else origin_with_cookies(value)

    @field_validator("posts_client_secret", "admin_password")
    @classmethod
    def _is_used_once(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None:
            return None
        ensure_different(value, {cls.variable(name): other for name, other in info.data.items()})
        if info.field_name != "admin_password":
            return ensure_secret(value)
        # A person's password is judged when the account is made.
        ensure_unquoted(value.get_secret_value())
        return value

    @field_validator("admin_username", "admin_email")
    @classmethod
    def _goes_with_the_password(cls, value: str | None, info: ValidationInfo) -> str | None:
        password = cls.variable("admin_password")
        # A password that was refused is not in `data`.
        if "admin_password" in info.data and (value is None) != (info.data["admin_password"] is None):
            raise ValueError(
                f"it has no default: set it, since {password} is set"
                if value is None
                else f"it has no effect without {password}: set both, or neither"
            )
        return value
