"""The settings as a person reads them, each with its value and its source, and variables that are no settings."""

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from watchword.service.reload import VARIABLE as RELOAD_VARIABLE
from watchword.service.secret_values import without_password
from watchword.service.settings import EnvironmentSettings, judge
from watchword.service.variables import ENV_FILE_VARIABLE, SECRETS_FOLDER_VARIABLE, UnusableValue, Variables

_PREFIX: Final = "WATCHWORD_"
# `make run` and `make up` read the last three.
_OUR_VARIABLES: Final = frozenset(
    {ENV_FILE_VARIABLE, SECRETS_FOLDER_VARIABLE, RELOAD_VARIABLE}
    | {f"{_PREFIX}{name}" for name in ("EMBEDDED_POSTGRES", "IMAGE", "VERSION")}
)

Readers = Mapping[str, type[EnvironmentSettings]]
"""The commands that read settings, each with its class. The first is the one that matters: `serve`."""


class SettingRow(NamedTuple):
    """A setting: its variable, its value, `-` if it has none and hidden if it is a secret, and where that came from."""

    name: str
    value: str
    source: str


def setting_rows(readers: Readers, variables: Variables) -> list[SettingRow]:
    """Every setting, once."""
    rows: dict[str, SettingRow] = {}
    for command, settings in readers.items():
        judged = judge(settings, variables)
        for field in settings.model_fields:
            name = settings.variable(field)
            value, source = _value_and_source(settings, field, judged, variables, command)
            rows.setdefault(name, SettingRow(name, value, source))
    return list(rows.values())


def setting_lines(rows: Sequence[SettingRow]) -> Iterator[str]:
    """One line for each setting."""
    width = max(len(row.name) for row in rows)
    for row in rows:
        yield f"{row.name:<{width}}  {row.value}  ({row.source})"


def setting_problems(readers: Readers, variables: Variables) -> list[str]:
    """Everything that keeps the first command from starting, and each wrong value that another would read."""
    problems: dict[str, None] = {}
    for index, settings in enumerate(readers.values()):
        judged = judge(settings, variables)
        for line in judged.values() if isinstance(judged, dict) else ():
            # A process that serves has no password of the owner role.
            if index == 0 or not line.endswith(" is not set"):
                problems[line] = None
    return list(problems)


def ineffective_variables(readers: Readers, variables: Variables) -> Iterator[str]:
    """A sentence for each variable that looks like a setting but is not one.

    They are no error: an earlier release must start with the variables of a later one.
    """
    known = {settings.variable(field) for settings in readers.values() for field in settings.model_fields}
    prefixes = {str(settings.model_config.get("env_prefix", "")).upper() for settings in readers.values()} - {""}
    for name in sorted(variables.names() - known - _OUR_VARIABLES):
        if name.startswith((_PREFIX, *prefixes)):
            yield f"{name} is no setting and has no effect{_hint(name, known | _OUR_VARIABLES)}"
    folder = os.environ.get(SECRETS_FOLDER_VARIABLE)
    if folder and not Path(folder).is_dir():
        yield f"{SECRETS_FOLDER_VARIABLE} has no effect: there is no folder {folder}"


def _hint(name: str, known: Iterable[str]) -> str:
    prefix, _, rest = name.partition("_")
    names = [other.removeprefix(f"{prefix}_") for other in known if other.startswith(f"{prefix}_")]
    similar = difflib.get_close_matches(rest, names, n=1, cutoff=0.8)
    return f"; is {prefix}_{similar[0]} meant?" if similar else ""


def _value_and_source(
    settings: type[EnvironmentSettings], field: str, judged: object, variables: Variables, command: str
) -> tuple[str, str]:
    info = settings.model_fields[field]
    try:
        value = variables.find(settings.variable(field))
    except UnusableValue:
        return "wrong", "see below"
    if value is None:
        if info.is_required():
            return "not set", f"required by {command}"
        return _shown(info, info.get_default(call_default_factory=True)), "default"
    if isinstance(judged, dict):
        return ("wrong" if field in judged else _shown(info, value.text)), value.source
    return _shown(info, getattr(judged, field)), value.source


def _shown(info: FieldInfo, value: Any) -> str:
    if value in (None, "", ()):
        return "-"
    if SecretStr in (info.annotation, *get_args(info.annotation)):
        return "***"
    if not info.repr:
        return without_password(str(value)) if "://" in str(value) else "***"
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
