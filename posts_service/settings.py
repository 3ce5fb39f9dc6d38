"""Every environment variable of this service, typed. Read once, by whoever assembles the parts."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from watchword.service.settings import MigrationSettings, ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="POSTS_")

    port: int = Field(8002, ge=1, le=65535, description="Port to listen on")
    audience: str = Field(min_length=1, description="The audience that names this service in tokens (`aud`)")
    jwks_url: str | None = Field(
        None, description="Where the issuer's keys are, if not at `/.well-known/jwks.json` below the issuer"
    )
    issuer_address: str | None = Field(
        None,
        pattern=r"^https?://[^/?#@]+$",
        description="Where the issuer is reached from here, if not at its own URL: `http://identity:8001`",
    )
    client_id: str = Field("posts", min_length=1, description="This service's own client at the issuer")
    client_secret: SecretStr = Field(min_length=1, description="That client's secret, to receive security events with")
    revocation_memory_seconds: int = Field(
        900, ge=60, description="How long revocations are kept; access tokens that live longer are refused"
    )
    silence_seconds: float = Field(
        90.0, ge=1, description="How long the issuer's events may be silent before the policy for silence holds"
    )
    silence_policy: Literal["serve", "refuse_writes"] = Field(
        "serve", description="`serve`: all goes on; `refuse_writes`: guarded writes answer 503 until it is heard again"
    )


class Migration(MigrationSettings):
    model_config = SettingsConfigDict(env_prefix="POSTS_")
