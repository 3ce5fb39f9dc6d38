"""Commands of a service: verbs, each a typed function, in groups.

A verb is an async function. It gets the parts that its group opens, and behind them what people enter, each parameter
annotated with `typer.Argument` or `typer.Option`. Its docstring is its help. It answers with an `Answer` or with
`Lines`.
"""

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from inspect import Parameter, getdoc, signature
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Generic,
    NamedTuple,
    NoReturn,
    Protocol,
    TypeVar,
)

import typer
from pydantic_core import to_json

from watchword.errors import AppError, Invalid
from watchword.lines import one_line

if TYPE_CHECKING:
    from watchword.database.database import Database
    from watchword.database.migrations import Migrations

MAX_REASON_CHARACTERS: Final = 2_000

# What typer does beyond parsing is left out: colours and frames would be in the way of programs.
PLAIN: Final[dict[str, Any]] = {
    "add_completion": False,
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "no_args_is_help": True,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

AnyParts = TypeVar("AnyParts")


class Answer(NamedTuple):
    """What a verb has to say: in words, and as what is printed as one JSON document with `--json`. `status` is the exit
    status: 1 if a part of what was asked for was refused."""

    text: str
    document: Any
    status: int = 0


class PageOfItems(Protocol):
    """A page of a list, as the API answers it."""

    @property
    def items(self) -> Sequence[Any]: ...

    @property
    def next(self) -> str | None: ...


def page_answer(page: PageOfItems, lines: Sequence[str], nothing: str) -> Answer:
    """The answer of a verb that lists: a line for each item of the page, or `nothing`, and how to go on."""
    if page.next is not None:
        return Answer("\n".join([*lines, f"There are more: add --cursor {page.next}"]), page)
    return Answer("\n".join(lines) or nothing, page)


@dataclass(frozen=True, slots=True)
class Lines:
    """An answer that is too long to be kept: portions of lines, each of which is a JSON document."""

    portions: AsyncIterator[bytes]


class WrongUsage(Exception):
    """The arguments do not go together: printed in one line, with exit status 2."""


Opener = Callable[[], AbstractAsyncContextManager[AnyParts]]
"""Opens the parts of a service for one command. Raises AppError."""


class PartsWithDatabase(Protocol):
    """What the commands of a service work with."""

    @property
    def database(self) -> "Database": ...


@asynccontextmanager
async def usable(parts: PartsWithDatabase, migrations: "Migrations") -> AsyncIterator[None]:
    """Close the database of these parts after the block. Raises SchemaBehind, SchemaForeign or SchemaForbidden if its
    schema is not one that this release can work with."""
    try:
        await migrations.usable_revision(parts.database.reads)
        yield
    finally:
        await parts.database.close()


Verb = Callable[..., Awaitable[Answer | Lines]]
AnyVerb = TypeVar("AnyVerb", bound=Verb)


CarryOut = Callable[[Verb, Opener[Any], dict[str, Any], bool], Any]
"""Carries out a verb with the parts that the opener opens, what was entered, and whether it is printed as JSON."""


class CommandGroup(Generic[AnyParts]):
    """The verbs about one kind of thing: `python -m <package> NAME VERB`. Without a name, its verbs are commands."""

    def __init__(self, name: str | None, description: str, open_parts: Opener[AnyParts]) -> None:
        self.name = name
        self.description = description
        self._open = open_parts
        self._verbs: dict[str, tuple[Verb, Opener[Any]]] = {}

    def verb(self, name: str, open_parts: Opener[Any] | None = None) -> Callable[[AnyVerb], AnyVerb]:
        """Add the function that is decorated. It works with the parts of the group, unless others are named."""

        def add(verb: AnyVerb) -> AnyVerb:
            self._verbs[name] = verb, open_parts or self._open
            return verb

        return add

    def as_typer(self, carry_out: CarryOut) -> typer.Typer:
        """The group as typer reads it. `carry_out` is called once the arguments are valid."""
        app = typer.Typer(**PLAIN, name=self.name, help=self.description)
        for name, (verb, open_parts) in self._verbs.items():
            app.command(name)(_command_of(verb, open_parts, carry_out))
        return app


def show(answer: Answer, *, as_json: bool) -> None:
    """Print an answer."""
    if as_json:
        _write(to_json(answer.document) + b"\n")
    elif answer.text:
        # It may show what strangers have written.
        _write("".join(f"{one_line(line, 10 * len(line))}\n" for line in answer.text.split("\n")).encode())


def refuse(reason: str, status: int) -> NoReturn:
    """Print why a command does nothing, in one line, and exit with this status."""
    print(one_line("; ".join(reason.splitlines()), MAX_REASON_CHARACTERS), file=sys.stderr)
    raise SystemExit(status)


def _reason(error: AppError) -> str:
    if error.reason is None and isinstance(error, Invalid):
        return error.advice
    return error.reason or error.detail


def _command_of(verb: Verb, open_parts: Opener[Any], carry_out: CarryOut) -> Callable[..., Any]:
    """The function that typer calls: it has the parameters of the verb but the first, and `--json`."""

    def command(*, as_json: bool, **entered: Any) -> Any:
        return carry_out(verb, open_parts, entered, as_json)

    own = Parameter("as_json", Parameter.KEYWORD_ONLY, default=False, annotation=AsJson)
    parameters = [*_entered_parameters(verb), own]
    command.__doc__ = getdoc(verb)
    command.__signature__ = signature(verb).replace(parameters=parameters, return_annotation=None)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _entered_parameters(verb: Verb) -> Sequence[Parameter]:
    _, *entered = signature(verb, eval_str=True).parameters.values()
    return [parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in entered]


async def run_verb(verb: Verb, open_parts: Opener[Any], entered: dict[str, Any], *, as_json: bool) -> None:
    """Carry out a verb and print its answer, or why it is refused. Raises SystemExit then."""
    # What it would say, such as a password, is said only once.
    _ensure_output()
    try:
        async with open_parts() as parts:
            answer = await verb(parts, **entered)
            if isinstance(answer, Answer):
                show(answer, as_json=as_json)
                if answer.status:
                    raise SystemExit(answer.status)
                return
            async for portion in answer.portions:
                _write(portion)
    except WrongUsage as wrong:
        refuse(str(wrong), 2)
    except AppError as error:
        refuse(_reason(error), 1)


def _ensure_output() -> None:
    # Python has no standard output if the file descriptor is closed.
    if sys.stdout is None:
        refuse("standard output is closed: nothing was done", 1)


def _write(output: bytes) -> None:
    """Raises BrokenPipeError if nobody reads on, which ends a command without a word, and SystemExit if the output
    cannot be written otherwise."""
    _ensure_output()
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(output)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _discard_output()
        refuse(f"the answer cannot be written: {error.strerror}; what was asked for may be done", 1)


def _discard_output() -> None:
    """Have what is still to be written go nowhere: Python would try again at its end, and fail with another status."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
