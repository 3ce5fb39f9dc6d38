"""Settings are typed and read once: from the environment, or from files of the same names in the folder of secrets.
Secrets have no default anywhere."""

import os
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

Loaded = TypeVar("Loaded", bound=BaseSettings)

SECRETS_FOLDER = "/run/secrets"
SECRETS_FOLDER_VARIABLE = "WATCHWORD_SECRETS_FOLDER"


def postgresql_url(value: str) -> str:
    """The same; raises ValueError, which tells nothing of it, where it names no database of PostgreSQL."""
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() != "postgresql" or not url.database:
        raise ValueError("postgresql://role:password@host/database is needed, what is not a letter or digit as %XX")
    return value


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
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses or networks of proxies in front, separated by commas; their X-Forwarded-For is believed",
    )
    max_body_bytes: int = Field(1_048_576, ge=1_024, description="Largest request body that is read")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error")

    _is_postgresql = field_validator("database_url")(postgresql_url)
    _split_lists = field_validator("cors_origins", "trusted_proxies", mode="before")(split_by_commas)

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network)
        return value

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

    _is_postgresql = field_validator("migration_database_url")(postgresql_url)


def load(settings: type[Loaded]) -> Loaded:
    """Read the settings; where something is missing or wrong, name every variable and exit with status 2.

    The environment wins over a file.
    """
    prefix = str(settings.model_config.get("env_prefix", ""))
    folder = Path(os.environ.get(SECRETS_FOLDER_VARIABLE, SECRETS_FOLDER))
    try:
        return settings(_secrets_dir=folder if folder.is_dir() else None)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            name = f"{prefix}{'_'.join(str(step) for step in item['loc'])}".upper()
            _say(f"{name} {_problem(item['type'], item['msg'], item['input'])}")
    except OSError as error:
        _say(f"{error.filename} cannot be read: {error.strerror}")
    raise SystemExit(2)


def _problem(kind: str, message: str, value: object) -> str:
    if kind == "missing":
        return "is not set"
    return "is empty" if value == "" else f"is wrong: {message}"


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - there is no log yet
