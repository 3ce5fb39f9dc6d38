"""Where settings come from: the environment, then one file of lines `NAME=value`, then a folder with a file for each.

The first that has a variable wins.
"""

import errno
import io
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from dotenv import dotenv_values
from dotenv.parser import parse_stream

ENV_FILE_VARIABLE: Final = "WATCHWORD_ENV_FILE"
SECRETS_FOLDER: Final = "/run/secrets"
SECRETS_FOLDER_VARIABLE: Final = "WATCHWORD_SECRETS_FOLDER"

MAX_ENV_FILE_BYTES: Final = 1_048_576
MAX_SECRET_FILE_BYTES: Final = 65_536

Item = TypeVar("Item")

# What Kubernetes and Docker put into the environment for a Service or a link of the name `identity` or `posts`.
_INJECTED_NAME: Final = re.compile(
    r".*_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
_INJECTED_PORT: Final = re.compile(r"(tcp|udp|sctp)://\S+")


class UnusableValue(ValueError):
    """The value of a variable cannot be read. The message completes "IDENTITY_PORT is wrong: "."""


@dataclass(frozen=True, slots=True)
class Value:
    """The text of a variable, and where it was found."""

    text: str
    source: str


class Variables:
    """Every variable that this process was given. Names are in upper case: settings are matched in any case."""

    def __init__(self, environment: Mapping[str, str], env_file: Path | None, folder: Path | None) -> None:
        self._environment = _by_upper_name(pair for pair in environment.items() if not _is_injected(*pair))
        self._env_file = env_file
        self._in_file = _by_upper_name(_read_env_file(env_file)) if env_file is not None else {}
        paths = sorted(folder.iterdir()) if folder is not None and folder.is_dir() else []
        self._folder = folder
        self._in_folder: dict[str, list[Path]] = {}
        for path in paths:
            if not path.name.startswith("."):
                self._in_folder.setdefault(path.name.upper(), []).append(path)

    @classmethod
    def read(cls) -> "Variables":
        """The variables of this process. Raises OSError if the file that WATCHWORD_ENV_FILE names cannot be read."""
        env_file = os.environ.get(ENV_FILE_VARIABLE)
        folder = os.environ.get(SECRETS_FOLDER_VARIABLE, SECRETS_FOLDER)
        return cls(os.environ, Path(env_file) if env_file else None, Path(folder) if folder else None)

    def names(self) -> set[str]:
        """The names of all variables, in upper case."""
        return {*self._environment, *self._in_file, *self._in_folder}

    def find(self, name: str) -> Value | None:
        """The value that wins; None if there is none. Raises UnusableValue."""
        if name in self._environment:
            value = Value(_only(self._environment[name], "the environment").strip(), "environment")
        elif name in self._in_file:
            value = Value(_only(self._in_file[name], str(self._env_file)).strip(), f"file {self._env_file}")
        elif name in self._in_folder:
            path = _only(self._in_folder[name], str(self._folder))
            value = Value(read_secret_file(path), f"file {path}")
        else:
            return None
        _ensure_one_line(value.text)
        return value


def _by_upper_name(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name.upper(), []).append(value)
    return values


def _is_injected(name: str, value: str) -> bool:
    if _INJECTED_NAME.fullmatch(name):
        return True
    return name.endswith("_PORT") and _INJECTED_PORT.fullmatch(value) is not None


def _only(values: list[Item], place: str) -> Item:
    if len(values) > 1:
        raise UnusableValue(f"{place} has it {len(values)} times")
    return values[0]


def _ensure_one_line(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnusableValue("it is not UTF-8 text") from None
    if any(character < " " or character == "\x7f" for character in text):
        raise UnusableValue("it has more than one line, or a control character")


def _read_env_file(path: Path) -> list[tuple[str, str]]:
    """The variables in the file. Raises OSError, which names a line that is not NAME=value."""
    if path.is_fifo():
        # Settings are read more than once, and the second reader of a pipe would wait for ever.
        raise OSError(errno.ESPIPE, "it is a pipe, which can be read only once", str(path))
    try:
        text = _read_text(path, MAX_ENV_FILE_BYTES)
    except UnusableValue as problem:
        raise OSError(errno.EINVAL, str(problem), str(path)) from None
    bindings = list(parse_stream(io.StringIO(text)))
    for binding in bindings:
        if binding.error or (binding.key is not None and binding.value is None):
            line = binding.original.line + len(re.findall(r"\A\s*", binding.original.string)[0].split("\n")) - 1
            raise OSError(errno.EINVAL, f"line {line} must look like NAME=value", str(path))
    values = dotenv_values(stream=io.StringIO(text))
    return [(binding.key, values[binding.key] or "") for binding in bindings if binding.key is not None]


def read_secret_file(path: Path) -> str:
    """The text of a file that holds a secret, without white space at its ends. Raises UnusableValue."""
    if path.is_dir():
        # A container engine makes a folder if the file to mount is missing.
        raise UnusableValue(f"{path} is a folder, not a file")
    try:
        return _read_text(path, MAX_SECRET_FILE_BYTES).strip()
    except OSError as error:
        raise UnusableValue(f"{path} cannot be read: {error.strerror}") from None


def _read_text(path: Path, limit: int) -> str:
    """The text of a regular file, without a byte order mark. Raises UnusableValue, or OSError."""
    if not path.is_file() and path.exists() and not path.is_dir():
        raise UnusableValue("it is no regular file")
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise UnusableValue(f"it is larger than {limit} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnusableValue("it is not UTF-8 text") from None
