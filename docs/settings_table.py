"""Write the README's tables of settings from the settings classes: `make docs`."""

import re
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined

import identity_service.settings as identity
import posts_service.settings as posts
from watchword.service import EnvironmentSettings
from watchword.service.variables import ENV_FILE_VARIABLE, SECRETS_FOLDER, SECRETS_FOLDER_VARIABLE

README = Path(__file__).parents[1] / "README.md"
_MARKS = re.compile(r"(<!-- settings: begin -->\n).*?(<!-- settings: end -->)", re.DOTALL)

_SOURCES = f"""**Where settings come from**

| Variable | Default | Meaning |
|---|---|---|
| `{ENV_FILE_VARIABLE}` |  | A file of lines `NAME=value`, for both services; the environment wins |
| `{SECRETS_FOLDER_VARIABLE}` | `{SECRETS_FOLDER}` | A folder with a file for each variable; the other two ways win |
"""

SERVICES: dict[str, tuple[type[EnvironmentSettings], ...]] = {
    "identity_service": (identity.Settings, identity.IdentityMigrationSettings, identity.SetupSettings),
    "posts_service": (posts.Settings, posts.PostsMigrationSettings),
}


def with_tables(readme: str) -> str:
    """This text, its tables replaced by those of the settings classes."""
    tables = "\n".join([_SOURCES, *(_table(service, classes) for service, classes in SERVICES.items())])
    return _MARKS.sub(lambda match: f"{match[1]}{tables}{match[2]}", readme)


def _table(service: str, classes: tuple[type[EnvironmentSettings], ...]) -> str:
    lines = [f"**{service}**", "", "| Variable | Default | Meaning |", "|---|---|---|"]
    rows: dict[str, str] = {}
    for settings in classes:
        for name in settings.model_fields:
            # `setup` reads what `serve` reads, and more.
            rows.setdefault(name, _row(settings, name))
    return "\n".join([*lines, *rows.values()]) + "\n"


def _row(settings: type[EnvironmentSettings], name: str) -> str:
    field = settings.model_fields[name]
    return f"| `{settings.variable(name)}` | {_default(field.default, field.is_required())} | {field.description} |"


def _default(value: Any, required: bool) -> str:
    if required:
        return "**required**"
    if value in (None, (), PydanticUndefined):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text()))
