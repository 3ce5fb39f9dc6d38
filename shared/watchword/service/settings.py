"""Settings are typed, read once, and come from the environment, from one file for all, or from a file for each.

Secrets have no default anywhere.
"""

import errno
import os
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

AnySettings = TypeVar("AnySettings", bound=BaseSettings)

ENV_FILE_VARIABLE: Final = "WATCHWORD_ENV_FILE"
SECRETS_FOLDER: Final = "/run/secrets"
SECRETS_FOLDER_VARIABLE: Final = "WATCHWORD_SECRETS_FOLDER"


def postgresql_url(value: str) -> str:
    """Return the URL without blanks around it.

    Raises ValueError if it is not a PostgreSQL URL with a database, or if it has an option that no connection would
    obey; the message never repeats it, since it may hold a password.
    """
    # Imported here, so that an app without a database starts without it.
    from watchword.database.address import connect_arguments

    connect_arguments(value)
    return value.strip()


def split_by_commas(value: Any) -> Any:
    """The parts of a text between its commas, without blanks around them; any other value unchanged."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class EnvironmentSettings(BaseSettings):
    """The base of all settings classes. A settings file may hold variables of other services."""

    model_config = SettingsConfigDict(dotenv_filtering="only_existing")


class ServiceSettings(EnvironmentSettings):
    """The settings that every service has."""

    database_url: str = Field(
        min_length=1, repr=False, description="PostgreSQL, as the service's app role: `postgresql://…`"
    )
    database_pool_size: int = Field(
        8, ge=1, le=100, description="Connections in each of the two pools of every process"
    )
    issuer: str = Field(min_length=1, description="The URL that names the authorization server (`iss`)")
    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(ge=1, le=65535, description="Port to listen on")
    workers: int = Field(1, ge=1, le=64, description="Number of processes that serve requests")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins of browser pages that may call this service, separated by commas"
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses or networks of proxies in front, separated by commas; their X-Forwarded-For is trusted",
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
            raise ValueError("it must be an http(s) URL without a trailing slash, query or fragment")
        return value


class MigrationSettings(EnvironmentSettings):
    """The settings of the commands that migrate. The service itself never has the owner role's password."""

    migration_database_url: str = Field(
        min_length=1, repr=False, description="PostgreSQL, as the owner role; for `migrate` only"
    )

    _is_postgresql = field_validator("migration_database_url")(postgresql_url)


def load(settings: type[AnySettings]) -> AnySettings:
    """Read the settings, or name every variable that is missing or wrong and exit with status 2.

    The environment wins over the file that WATCHWORD_ENV_FILE names (lines `NAME=value`, as dotenv has them), and that
    file over the folder of secrets, which has one file for each variable: what is nearer to the person who starts the
    process wins over what the machine provides. The file must be there and readable if it is named; its variables that
    are no settings are ignored, since several services may share it.
    """
    folder = Path(os.environ.get(SECRETS_FOLDER_VARIABLE, SECRETS_FOLDER))
    try:
        return settings(_env_file=_env_file(), _secrets_dir=folder if folder.is_dir() else None)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            name = "_".join(str(step) for step in item["loc"])
            variable = f"{settings.model_config.get('env_prefix', '')}{name}".upper()
            _complain(f"{variable} {_problem(item['type'], item['msg'], item['input'])}")
    except OSError as error:
        _complain(f"{error.filename} cannot be read: {error.strerror}")
    raise SystemExit(2)


def _env_file() -> Path | None:
    """The file that WATCHWORD_ENV_FILE names. Raises OSError if it cannot be read: pydantic would pass over it."""
    name = os.environ.get(ENV_FILE_VARIABLE)
    if not name:
        return None
    path = Path(name)
    if path.is_fifo():
        # Settings are read more than once, and the second reader of a pipe would wait for ever.
        raise OSError(errno.ESPIPE, "it is a pipe, which can be read only once", name)
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise OSError(errno.EILSEQ, "it is not UTF-8 text", name) from None
    return path


def _problem(kind: str, message: str, value: object) -> str:
    if kind == "missing":
        return "is not set"
    return "is empty" if value == "" else f"is wrong: {message}"


def _complain(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - there is no log yet
