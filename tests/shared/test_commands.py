"""The command line of a service: groups of typed functions, their answers, and how they are refused."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import pytest
import typer

import posts_service.cli
from posts_service.parts import MIGRATIONS
from posts_service.settings import PostsMigrationSettings, Settings
from watchword.errors import Fault, Faulty, Invalid, NotFound
from watchword.service import CommandLine
from watchword.service.commands import Answer, CommandGroup, Lines, WrongUsage

PARTS = {"ada": "Ada Lovelace", "eve": "Eve\x1b[2J"}


@asynccontextmanager
async def open_parts() -> AsyncIterator[dict[str, str]]:
    yield PARTS


@asynccontextmanager
async def open_nothing() -> AsyncIterator[dict[str, str]]:
    if not os.environ.get("PARTS"):
        raise NotFound("there are no parts")
    yield PARTS


PEOPLE = CommandGroup("people", "Who there is.", open_parts)
TOP = CommandGroup(None, "", open_parts)


@PEOPLE.verb("show")
async def show(
    parts: dict[str, str],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who.")],
    *,
    times: Annotated[int, typer.Option(min=1, max=3, help="How often.")] = 1,
) -> Answer:
    """Show somebody."""
    if name not in parts:
        raise NotFound(f"there is no {name}")
    return Answer("\n".join([parts[name]] * times), {"name": parts[name]})


@PEOPLE.verb("export")
async def export(_: dict[str, str]) -> Lines:
    """Export everybody."""

    async def portions() -> AsyncIterator[bytes]:
        for name in ("ada", "grace"):
            yield json.dumps({"name": name}).encode() + b"\n"

    return Lines(portions())


@PEOPLE.verb("fail")
async def fail(_: dict[str, str], how: str) -> Answer:
    """Fail in one way."""
    raise {
        "two": Faulty([Fault.of("id", "an id is short"), Fault.of("name", "a name is visible")]),
        "advice": Invalid(advice="a name\nis one line"),
        "usage": WrongUsage("that does not go together"),
        "silent": NotFound(),
    }[how]


@PEOPLE.verb("elsewhere", open_nothing)
async def elsewhere(_: dict[str, str]) -> Answer:
    """Work with other parts."""
    return Answer("", None)


@PEOPLE.verb("add")
async def add(parts: dict[str, str], name: str) -> Answer:
    """Add somebody, and say what nobody is told again."""
    parts[name] = "somebody"
    return Answer("a password", None)


@TOP.verb("greet")
async def greet(parts: dict[str, str]) -> Answer:
    """Greet everybody."""
    return Answer(f"Good day, {', '.join(parts)}.", list(parts))


def run(*arguments: str) -> None:
    line = CommandLine(
        "posts_service",
        "",
        MIGRATIONS,
        Settings,
        PostsMigrationSettings,
        groups=lambda: (PEOPLE, TOP),
        former_names={"show-person": "people show NAME"},
    )
    line.run(arguments)


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (["people", "show", "ada"], "Ada Lovelace\n"),
        (["people", "show", "ada", "--times", "2"], "Ada Lovelace\nAda Lovelace\n"),
        (["people", "show", "ada", "--json"], '{"name":"Ada Lovelace"}\n'),
        (["people", "show", "eve"], "Eve\\x1b[2J\n"),
        (["people", "show", "--", "ada"], "Ada Lovelace\n"),
        (["people", "export"], '{"name": "ada"}\n{"name": "grace"}\n'),
        (["people", "export", "--json"], '{"name": "ada"}\n{"name": "grace"}\n'),
        (["greet"], "Good day, ada, eve.\n"),
        (["greet", "--json"], '["ada","eve"]\n'),
    ],
    ids=" ".join,
)
def test_answer_is_printed(arguments: list[str], output: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    run(*arguments)
    printed = capfdbinary.readouterr()
    assert (printed.out.decode(), printed.err) == (output, b"")


@pytest.mark.parametrize(
    ("arguments", "status", "error"),
    [
        (["people", "show", "nobody"], 1, "there is no nobody\n"),
        (["people", "show", "nobody\nat all"], 1, "there is no nobody; at all\n"),
        (["people", "show", "\x1b[2J"], 1, "there is no \\x1b[2J\n"),
        (["people", "fail", "two"], 1, "an id is short; a name is visible\n"),
        (["people", "fail", "advice"], 1, "a name; is one line\n"),
        (["people", "fail", "silent"], 1, f"{NotFound.detail}\n"),
        (["people", "fail", "usage"], 2, "that does not go together\n"),
        (["people", "elsewhere"], 1, "there are no parts\n"),
        (["show-person", "ada"], 2, "show-person has another name: python -m posts_service people show NAME\n"),
        (["people", "show", os.fsdecode(b"\xff")], 2, "an argument is not UTF-8\n"),
    ],
    ids=lambda value: " ".join(value).encode("unicode_escape").decode() if isinstance(value, list) else "",
)
def test_refusal_is_one_line(
    arguments: list[str], status: int, error: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        run(*arguments)
    printed = capfdbinary.readouterr()
    assert (exit_.value.code, printed.out, printed.err.decode()) == (status, b"", error)


@pytest.mark.parametrize("arguments", [["people", "add", "grace"], ["settings"]], ids=" ".join)
def test_command_without_a_standard_output_does_nothing(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its answer, such as a password, would be lost."""
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(SystemExit) as exit_:
        run(*arguments)
    assert (exit_.value.code, capfd.readouterr().err) == (1, "standard output is closed: nothing was done\n")
    assert "grace" not in PARTS


def test_answer_that_cannot_be_written_is_refused_in_a_line() -> None:
    program = [sys.executable, "-m", "posts_service", "settings"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("POSTS_")}
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(program, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "the answer cannot be written: No space left on device; what was asked for may be done"
    ]


@pytest.mark.parametrize(
    "arguments",
    [[], ["dance"], ["people"], ["people", "dance"], ["people", "show"], ["people", "show", "ada", "--times", "4"]],
    ids=" ".join,
)
def test_wrong_usage_says_how_it_is_used(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        run(*arguments)
    printed = capsys.readouterr()
    assert (exit_.value.code, printed.out) == (2, "")
    assert printed.err.startswith("Usage: python -m posts_service")


def test_help_has_the_docstrings(capsys: pytest.CaptureFixture[str]) -> None:
    run("people", "show", "--help")
    text = capsys.readouterr().out
    assert "Show somebody." in text
    assert "[default: 1; 1<=x<=3]" in text


def test_variable_without_effect_is_named_before_a_command_that_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POSTS_DANCE", "1")
    run("greet")
    assert capsys.readouterr().err == "warning: POSTS_DANCE is no setting and has no effect\n"
    with pytest.raises(SystemExit):
        run("people", "dance")
    assert "warning" not in capsys.readouterr().err


def test_settings_are_printed_as_json_with_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setenv("POSTS_PORT", "many")
    monkeypatch.setenv("POSTS_CLIENT_SECRET", "a secret of posts")
    with pytest.raises(SystemExit) as exit_:
        posts_service.cli.main(["settings", "--json"])
    assert exit_.value.code == 2
    document = json.loads(capfdbinary.readouterr().out)
    settings = {row["name"]: (row["value"], row["source"]) for row in document["settings"]}
    assert settings["POSTS_PORT"] == ("wrong", "environment")
    assert settings["POSTS_CLIENT_SECRET"] == ("***", "environment")
    assert any(problem.startswith("POSTS_PORT is wrong: ") for problem in document["problems"])


@pytest.mark.parametrize("service", ["identity", "posts"])
def test_process_that_serves_does_not_import_the_commands(service: str) -> None:
    program = (
        "import sys, runpy; sys.argv = ['serve', 'serve']\n"
        f"try: runpy.run_module('{service}_service', run_name='__main__')\n"
        "except SystemExit: print([name for name in sys.modules if name.partition('.')[0] == 'typer'])"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("IDENTITY_", "POSTS_"))}
    ended = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n", ended.stderr
