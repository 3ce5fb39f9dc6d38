"""Commands in this process, with the parts that a test has: a process for each would take far longer."""

import shlex
from typing import Any

import typer

from identity_service.commands import GROUPS
from tests.support.services import Identity
from watchword.service.commands import PLAIN, Answer, Lines, Opener, Verb


async def answer(identity: Identity, line: str) -> Answer:
    """The answer to a command as somebody enters it. Raises what refuses it, or SystemExit for wrong usage."""
    said = await enter(identity, *shlex.split(line))
    assert isinstance(said, Answer)
    return said


async def run(identity: Identity, line: str) -> str:
    """What a command prints."""
    return (await answer(identity, line)).text


async def enter(identity: Identity, *words: str) -> Answer | Lines:
    """The answer to a command with these words."""
    chosen: list[tuple[Verb, dict[str, Any]]] = []

    def choose(verb: Verb, _: Opener[Any], entered: dict[str, Any], as_json: bool) -> None:
        chosen.append((verb, entered))

    app = typer.Typer(**PLAIN)
    for group in GROUPS:
        app.add_typer(group.as_typer(choose), name=group.name)
    try:
        app(list(words), prog_name="identity")
    except SystemExit as ended:
        if ended.code:
            raise
    ((verb, entered),) = chosen
    return await verb(identity.parts, **entered)
