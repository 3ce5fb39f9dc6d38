"""Every environment variable of this service, typed, with its default and its meaning."""

from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from posts_service.limit_settings import LimitSettings
from watchword.arguments import TEN_YEARS_SECONDS
from watchword.pages.sealing import sealing_key
from watchword.service import MigrationSettings, none_if_empty
from watchword.service.secret_values import ensure_different, ensure_secret, ensure_unquoted
from watchword.service.web_origins import audience_url, origin, origin_of_url, origin_with_cookies, web_url

# The configurations that PostgreSQL has for searching texts. `simple` takes words as they are written.
Language = Literal[
    "arabic", "armenian", "basque", "catalan", "danish", "dutch", "english", "estonian", "finnish", "french", "german",
    "greek", "hindi", "hungarian", "indonesian", "irish", "italian", "lithuanian", "nepali", "norwegian", "portuguese",
    "romanian", "russian", "serbian", "simple", "spanish", "swedish", "tamil", "turkish", "yiddish",
]  # fmt: skip

Level = Literal["pwd", "mfa", "phr"]


class Settings(LimitSettings):
    model_config = SettingsConfigDict(env_prefix="POSTS_")

    port: int = Field(8002, ge=1, le=65535, description="Port to listen on")
    audience: str = Field(min_length=1, description="The audience that names this service in tokens (`aud`)")
    jwks_url: str | None = Field(
        None, description="URL of the issuer's keys, if it is not `/.well-known/jwks.json` below the issuer"
    )
    issuer_address: str | None = Field(
        None,
        description="Address of the issuer from here, if it is not the issuer itself: `http://identity:8001`",
    )
    client_id: str = Field("posts", min_length=1, description="This service's own client at the issuer")
    client_secret: SecretStr = Field(description="Secret of that client, used to receive security events")
    revocation_memory_seconds: int = Field(
        900,
        ge=60,
        le=86_400,
        description="How long revocations are kept; access tokens that are valid for longer are refused, so write at"
        " least `IDENTITY_ACCESS_TOKEN_SECONDS`",
    )
    clock_leeway_seconds: float = Field(
        5.0,
        ge=0,
        le=60,
        description="How far the clocks of this machine and of the issuer may differ; tokens are accepted for so much"
        " longer, and revocations are kept for so much longer",
    )
    pages_origin: str | None = Field(
        None,
        validate_default=True,
        description="Origin of this service's pages as browsers see it, if it is not that of the audience: https://,"
        " or http:// on this machine; `setup` of identity needs it too (`IDENTITY_POSTS_PAGES_ORIGIN`)",
    )
    pages_client_id: str = Field(
        "posts-pages",
        min_length=1,
        description="The client at the issuer by which people sign in on the pages, with the same secret",
    )
    pages_sealing_key: SecretStr = Field(
        description="Key that seals the cookies of the pages: 32 random bytes in base64 (`openssl rand -base64 32`)"
    )
    pages_former_sealing_key: SecretStr | None = Field(
        None,
        description="The former sealing key: cookies that it has sealed stay valid, and texts that are being written"
        " can be read",
    )
    silence_seconds: float = Field(
        90.0,
        ge=1,
        le=604_800,
        description="Time without contact to the issuer after which the policy for silence applies; an issuer without"
        " news is heard once a second, so write several seconds",
    )
    silence_policy: Literal["serve", "refuse_writes"] = Field(
        "serve",
        description="`serve`: carry on; `refuse_writes`: answer guarded writes with 503 until contact is back",
    )

    require_if_match: bool = Field(
        False,
        description="Refuse changes and deletions of posts and comments without `If-Match` (428), so that no client can"
        " overwrite a change that it has not read",
    )
    moderation_acr: Level | None = Field(
        None,
        description="How strongly people must have signed in to moderate: `mfa` for a second factor, `phr` for a"
        " passkey; any sign-in will do if it is empty",
    )
    moderation_max_age: int | None = Field(
        None,
        # Whoever comes back from the sign-in has yet to say why they do what they do.
        ge=60,
        le=TEN_YEARS_SECONDS,
        description="How many seconds ago people may have signed in, at most, to moderate, 60 or more; any time if it"
        " is empty",
    )
    search_language: Language = Field(
        "english",
        description="The language of the posts, in which they are searched; `simple` for posts in several languages."
        " A post is searched in the language that was set when it was last changed",
    )

    _is_unquoted = field_validator("client_id", "pages_client_id")(ensure_unquoted)

    @field_validator("audience")
    @classmethod
    def _is_not_identity(cls, value: str, info: ValidationInfo) -> str:
        if value == info.data.get("issuer"):
            raise ValueError("it must not be the issuer: posts would accept the tokens of identity's own API")
        return audience_url(value)

    @field_validator("jwks_url")
    @classmethod
    def _can_be_fetched(cls, value: str | None) -> str | None:
        return None if value is None else web_url(value)

    @field_validator("issuer_address")
    @classmethod
    def _can_be_called(cls, value: str | None) -> str | None:
        return None if value is None else origin(value)

    @field_validator("client_secret")
    @classmethod
    def _is_used_once(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        ensure_different(value, {cls.variable(name): other for name, other in info.data.items()})
        return ensure_secret(value)

    _may_be_empty = field_validator("pages_origin", "moderation_acr", "moderation_max_age", mode="before")(
        none_if_empty
    )

    @field_validator("pages_origin")
    @classmethod
    def _has_safe_cookies(cls, value: str | None, info: ValidationInfo) -> str | None:
        # An audience that was refused is not in `data`.
        if value is None and "audience" not in info.data:
            return None
        return origin_with_cookies(origin_of_url(info.data["audience"]) if value is None else value)

    @field_validator("pages_sealing_key", "pages_former_sealing_key")
    @classmethod
    def _seals_nothing_else(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None:
            ensure_different(value, {cls.variable(name): other for name, other in info.data.items()})
            sealing_key(value.get_secret_value())
        return value


class PostsMigrationSettings(MigrationSettings):
    model_config = SettingsConfigDict(env_prefix="POSTS_")
