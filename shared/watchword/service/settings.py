"""Settings are typed, read once, and judged as a whole: what can never take effect is refused by name.

Secrets have no default anywhere.
"""

import re
import sys
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated, Any, Final, Literal, NoReturn, TypeVar

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from watchword.service.networks import networks
from watchword.service.reload import is_reloading
from watchword.service.variables import (
    ENV_FILE_VARIABLE,
    SECRETS_FOLDER,
    SECRETS_FOLDER_VARIABLE,
    UnusableValue,
    Variables,
)
from watchword.service.web_origins import issuer_url, page_origins

__all__ = [
    "ENV_FILE_VARIABLE",
    "SECRETS_FOLDER",
    "SECRETS_FOLDER_VARIABLE",
    "EnvironmentSettings",
    "MigrationSettings",
    "ServiceSettings",
    "judge",
    "load",
    "none_if_empty",
    "postgresql_url",
    "read_variables",
    "split_by_commas",
]

AnySettings = TypeVar("AnySettings", bound="EnvironmentSettings")

# The last part of a name is no number, so that a mistyped address is not taken for one.
_HOST_NAME: Final = re.compile(
    r"([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)*(?![0-9]+$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
)


def postgresql_url(value: str) -> str:
    """Return the URL without spaces around it.

    Raises ValueError if it is not a PostgreSQL URL with a database, or if it has an option that no connection would
    obey; the message never repeats it, since it may hold a password.
    """
    # Imported here, so that an app without a database starts without it.
    from watchword.database.address import connect_arguments

    connect_arguments(value)
    return value.strip()


def split_by_commas(value: Any) -> Any:
    """The parts of a text between its commas, without spaces around them; any other value unchanged."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def none_if_empty(value: Any) -> Any:
    """None for an empty text. Compose sets a variable that has no value to an empty text, and does not leave it out."""
    return None if value == "" else value


class EnvironmentSettings(BaseSettings):
    """The base of all settings classes. `load` reads one; the constructor takes the values that it is given."""

    model_config = SettingsConfigDict(allow_inf_nan=False)

    @classmethod
    def variable(cls, field: str) -> str:
        """The name of the variable for this field."""
        return f"{cls.model_config.get('env_prefix', '')}{field}".upper()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take no value but those given: `load` reads the variables, and says where each comes from."""
        return (init_settings,)


class ServiceSettings(EnvironmentSettings):
    """The settings that every service has."""

    database_url: str = Field(
        min_length=1, repr=False, description="PostgreSQL, as the service's app role: `postgresql://…`"
    )
    database_pool_size: int = Field(
        8, ge=1, le=100, description="Connections in each of the three pools of every process"
    )
    issuer: str = Field(min_length=1, description="The URL that names the authorization server (`iss`), without a path")
    host: str = Field(
        "127.0.0.1", description="Address to listen on; `::` listens on IPv6, and with several workers on IPv4 too"
    )
    port: int = Field(ge=1, le=65535, description="Port to listen on")
    workers: int = Field(1, ge=1, le=64, description="Number of processes that serve requests")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Origins of browser pages that may call this service, separated by commas; `*` alone allows all",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses or networks of proxies in front, separated by commas; their X-Forwarded-For is trusted",
    )
    trusted_hops: int = Field(
        1,
        ge=1,
        le=10,
        # The default goes with every setting; a value that is written must have an effect.
        validate_default=False,
        description="Number of proxies in front that append to X-Forwarded-For; the caller's address is this many from"
        " its end",
    )
    max_body_bytes: int = Field(1_048_576, ge=1_024, le=1_073_741_824, description="Largest request body that is read")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="debug, info, warning or error")

    _is_postgresql = field_validator("database_url")(postgresql_url)
    _is_issuer = field_validator("issuer")(issuer_url)
    _split_lists = field_validator("cors_origins", "trusted_proxies", mode="before")(split_by_commas)
    _are_origins = field_validator("cors_origins")(page_origins)

    @field_validator("host")
    @classmethod
    def _is_host(cls, value: str) -> str:
        try:
            ip_address(value)
        except ValueError:
            if not _HOST_NAME.fullmatch(value):
                raise ValueError("it must be an address or a name, without scheme, port and brackets") from None
        return value

    @field_validator("workers")
    @classmethod
    def _one_if_reloading(cls, value: int) -> int:
        if value > 1 and is_reloading():
            raise ValueError("one process serves while WATCHWORD_RELOAD is set: write 1")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return networks(value, "all addresses would believe every caller: write those of the proxies")

    @field_validator("trusted_hops")
    @classmethod
    def _behind_proxies(cls, value: int, info: ValidationInfo) -> int:
        if info.data.get("trusted_proxies") == ():
            raise ValueError(f"it has no effect without {cls.variable('trusted_proxies')}: set both, or neither")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_lower_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value


class MigrationSettings(EnvironmentSettings):
    """The settings of the commands that migrate. The service itself never has the owner role's password."""

    migration_database_url: str = Field(
        min_length=1, repr=False, description="PostgreSQL, as the owner role; for `migrate` only"
    )

    _is_postgresql = field_validator("migration_database_url")(postgresql_url)


def load(settings: type[AnySettings]) -> AnySettings:
    """Read the settings, or name every variable that is missing or wrong and exit with status 2.

    The environment wins over the file that WATCHWORD_ENV_FILE names (lines `NAME=value`, as dotenv has them), and that
    file over the folder of secrets, which has one file for each variable. The file must be there and readable if it is
    named; its variables that are no settings are ignored, since several services may share it.
    """
    judged = judge(settings, read_variables())
    if isinstance(judged, dict):
        _refuse(*judged.values())
    return judged


def read_variables() -> Variables:
    """The variables of this process. Exits with status 2 if the file that WATCHWORD_ENV_FILE names cannot be read."""
    try:
        return Variables.read()
    except OSError as error:
        _refuse(f"{error.filename} cannot be read: {error.strerror}")


def judge(settings: type[AnySettings], variables: Variables) -> AnySettings | dict[str, str]:
    """The settings with these values, or every problem: a sentence that names the variable, by field."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for field in settings.model_fields:
        try:
            value = variables.find(settings.variable(field))
        except UnusableValue as problem:
            problems[field] = f"is wrong: {problem}"
        else:
            values |= {} if value is None else {field: value.text}
    try:
        loaded = settings(**values)
    except ValidationError as error:
        problems = _problems(error, values) | problems
    if problems:
        return {field: f"{settings.variable(field)} {problem}" for field, problem in problems.items()}
    return loaded


def _problems(error: ValidationError, values: Mapping[str, Any]) -> dict[str, str]:
    problems: dict[str, str] = {}
    for item in error.errors(include_url=False):
        field = str(item["loc"][0])
        if item["type"] == "missing":
            problems[field] = "is not set"
        elif values.get(field) == "":
            problems[field] = "is empty"
        else:
            problems[field] = f"is wrong: {item['msg'].removeprefix('Value error, ')}"
    return problems


def _refuse(*lines: str) -> NoReturn:
    print("\n".join(lines), file=sys.stderr)  # noqa: T201 - there is no log yet
    raise SystemExit(2)
