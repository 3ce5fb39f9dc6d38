"""Every environment variable of this service, typed. Read once, by whoever assembles the parts."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import MigrationSettings, ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="POSTS_")

    port: int = Field(8002, ge=1, le=65535, description="Port to listen on")
    audience: str = Field(min_length=1, description="The audience that names this service in tokens (`aud`)")
    jwks_url: str | None = Field(
        None, description="Where the issuer's keys are, if not at `/.well-known/jwks.json` below the issuer"
    )


class Migration(MigrationSettings):
    model_config = SettingsConfigDict(env_prefix="POSTS_")
