"""Every command that docs/operations.md names exists, with its options."""

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from typer.main import get_command

import posts_service.commands
import posts_service.recovery_commands
from identity_service.commands import GROUPS
from tests.support.guide import GUIDE
from watchword.service.commands import CommandGroup

TEXT: Final = GUIDE.read_text(encoding="utf-8")
PROGRAMS: Final[Mapping[str, Any]] = {
    "admin": GROUPS,
    "posts_admin": (posts_service.commands.JOBS, posts_service.recovery_commands.GROUP),
}
CODE: Final = re.compile(r"`([^`\n]+)`|^([^`\n|]+)$", re.MULTILINE)
COMMAND: Final = re.compile(r"\b((?:posts_)?admin) ((?:-- |--?[\w-]+|[A-Za-z…<>{}][^\s|;&#`]*|\s)+)")


def commands() -> Iterator[tuple[str, list[str]]]:
    """The program and the words of each command, in the text and in the blocks."""
    for code in CODE.finditer(TEXT):
        for named in COMMAND.finditer(code[1] or code[2]):
            if code[1] or TEXT[: code.start()].count("```") % 2:
                yield named[1], shlex.split(named[2])


NAMED: Final = sorted({f"{program} {shlex.join(words)}" for program, words in commands()})


def _nothing(*_: object) -> None:
    """What the parsed commands do here."""


def verbs(groups: tuple[CommandGroup[Any], ...]) -> dict[tuple[str, ...], Any]:
    """The commands of these groups, by their words."""
    parsed: dict[tuple[str, ...], Any] = {}
    for group in groups:
        command = get_command(group.as_typer(_nothing))
        name = (group.name,) if group.name else ()
        # A group with one verb is that command, if typer is given it alone.
        members = getattr(command, "commands", None) or {command.name: command}
        parsed |= {(*name, verb): member for verb, member in members.items()}
    return parsed


@pytest.mark.parametrize("line", NAMED)
def test_command_of_the_guide_exists_with_its_options(line: str) -> None:
    program, *words = shlex.split(line)
    known = verbs(PROGRAMS[program])
    command = known.get(tuple(words[:2])) or known.get(tuple(words[:1]))
    assert command is not None, f"there is no such command: {line}"
    options = {option for parameter in command.params for option in parameter.opts + parameter.secondary_opts}
    assert {word for word in words if word.startswith("--") and word != "--"} <= options | {"--json"}


def test_the_guide_names_many_commands() -> None:
    assert len(NAMED) > 20
