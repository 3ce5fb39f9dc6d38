"""Settings come from the environment, are typed, and are read once. Secrets have no default anywhere."""

import sys
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode

Loaded = TypeVar("Loaded", bound=BaseSettings)


def split_by_commas(value: Any) -> Any:
    """What stands between the commas of a text; anything else as it is."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class ServiceSettings(BaseSettings):
    """What every service needs to be told."""

    database_url: str = Field(
        min_length=1, repr=False, description="PostgreSQL, as the service's app role: `postgresql://…`"
    )
    database_pool_size: int = Field(8, ge=1, le=100, description="Connections in each of the two pools of one process")
    issuer: str = Field(min_length=1, description="The URL that names the authorization server (`iss`)")
    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(ge=1, le=65535, description="Port to listen on")
    workers: int = Field(1, ge=1, le=64, description="Processes that serve")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins of browser pages that may call this service, separated by commas"
    )
    max_body_bytes: int = Field(1_048_576, ge=1_024, description="Largest request body that is read")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error")

    _split_cors_origins = field_validator("cors_origins", mode="before")(split_by_commas)

    @field_validator("issuer")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        if value.endswith("/") or "?" in value or "#" in value or not value.startswith(("http://", "https://")):
            raise ValueError("an http(s) URL without a trailing slash, query or fragment")
        return value


class MigrationSettings(BaseSettings):
    """What the migration job needs: the owner's way into the database, which the service itself never has."""

    migration_database_url: str = Field(
        min_length=1, repr=False, description="PostgreSQL, as the owner role; for `migrate` only"
    )


def load(settings: type[Loaded]) -> Loaded:
    """Read the environment; where something is missing or wrong, name every variable and exit with status 2."""
    prefix = str(settings.model_config.get("env_prefix", ""))
    try:
        return settings()
    except ValidationError as error:
        for item in error.errors(include_input=False, include_url=False):
            name = f"{prefix}{'_'.join(str(step) for step in item['loc'])}".upper()
            problem = "is not set" if item["type"] == "missing" else f"is wrong: {item['msg']}"
            print(f"{name} {problem}", file=sys.stderr)  # noqa: T201 - there is no log yet
        raise SystemExit(2) from None
