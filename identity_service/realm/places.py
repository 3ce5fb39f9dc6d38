"""Places in a file, and what is wrong there."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, TypeAlias

from watchword.errors import Invalid
from watchword.lines import one_line

Path: TypeAlias = tuple[str | int, ...]
"""The names and the indexes that lead to a value."""

_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+")
_MOST_FAULTS: Final = 100
_MAX_CHARACTERS: Final = 800


class FileFault(NamedTuple):
    """What is wrong with the value at this path."""

    path: Path
    detail: str


class FaultyFile(Invalid):
    """Everything that is wrong with a file, one fault a line, each with its place."""

    code = "file_invalid"
    detail = "The file is not valid."


def place_of(path: Path) -> str:
    """The path as people write it, such as `clients.app.scopes[1]`."""
    return "".join(_step(step) for step in path).removeprefix(".")


def ensure_faultless(faults: Iterable[FileFault], lines: Mapping[Path, int]) -> None:
    """Raise FaultyFile if there is a fault. `lines` has the line of each value, the first being 1."""
    in_order = sorted(faults, key=lambda fault: _line(fault.path, lines))
    texts = list(dict.fromkeys(_text(fault, lines) for fault in in_order))
    if texts:
        more = [f"and {len(texts) - _MOST_FAULTS} more faults"] if len(texts) > _MOST_FAULTS else []
        raise FaultyFile(advice="\n".join(texts[:_MOST_FAULTS] + more))


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN.fullmatch(step) else f'["{step}"]'


def _text(fault: FileFault, lines: Mapping[Path, int]) -> str:
    place = place_of(fault.path)
    text = f"line {_line(fault.path, lines)}{f', {place}' if place else ''}: {fault.detail}"
    # A message is one line, whatever the file holds.
    return one_line(text, _MAX_CHARACTERS)


def _line(path: Path, lines: Mapping[Path, int]) -> int:
    # What is missing has no line: that of what it is missing from is told.
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)
