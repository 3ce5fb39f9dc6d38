"""The command that applies a file which declares roles, services and clients."""

import sys
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import typer
from pydantic_core import to_jsonable_python

from identity_service.commands.acts import Wait, act_answer
from identity_service.commands.files import opened
from identity_service.commands.opening import open_parts
from identity_service.parts import Parts
from identity_service.realm.differences import Difference, MemberDifference
from identity_service.realm.places import FaultyFile
from identity_service.realm.reading import MAX_BYTES
from identity_service.realm.secret_variables import secret_in
from identity_service.realm.service import Outcome
from identity_service.recording.cause import BY_COMMAND_LINE
from watchword.errors import Invalid
from watchword.lines import one_line
from watchword.service.commands import Answer, CommandGroup
from watchword.service.variables import Variables

_MAX_CHARACTERS: Final = 1_000

GROUP = CommandGroup(None, "", open_parts)


@GROUP.verb("apply")
async def apply_file(
    parts: Parts,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A YAML file, or - for the standard input.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what differs, and change nothing.")] = False,
    wait: Wait = None,
) -> Answer:
    """Make roles, services and clients as a file declares them. What it does not name stays as it is."""
    content, variables = _content(file), Variables.read()
    do = parts.realm.rehearse if dry_run else parts.realm.apply
    try:
        outcome = await do(content, lambda name: secret_in(variables, name), BY_COMMAND_LINE)
    except FaultyFile as error:
        _print_faults(file, error)
        raise Invalid(advice=f"{file} is not applied, and nothing is changed") from None
    text = "\n".join(_lines(outcome, is_rehearsal=dry_run))
    return await act_answer(parts, wait, outcome.act, text, _document(outcome, is_rehearsal=dry_run))


def _content(file: str) -> bytes:
    """The beginning of the file, one byte longer than it may be. Raises Invalid."""
    with opened(file) as binary:
        return binary.read(MAX_BYTES + 1)


def _print_faults(file: str, error: FaultyFile) -> None:
    """One fault a line: more than the one line of a refusal can hold."""
    sys.stderr.writelines(f"{one_line(f'{file}: {fault}', _MAX_CHARACTERS)}\n" for fault in error.advice.splitlines())


def _lines(outcome: Outcome, *, is_rehearsal: bool) -> Iterator[str]:
    for difference in outcome.differences:
        yield one_line(f"{difference.kind} {difference.name}: {'new' if difference.is_new else 'changed'}")
        for member in difference.members:
            yield one_line(f"  {member.member}: {_change(member)}", _MAX_CHARACTERS)
    if not outcome.differences:
        yield "Nothing differs."
    elif is_rehearsal:
        yield "This differs. Nothing is changed."
    else:
        yield "This is so from now on."
    for client_id, secret in outcome.secrets.items():
        yield f"Secret of the client {client_id}, shown only now: {secret}"


def _change(difference: MemberDifference) -> str:
    """A member in words: what is added to a list or to texts, and what leaves them, or the value before and after."""
    before, after = difference.before, difference.after
    if isinstance(after, Mapping):
        return ", ".join(_changes_of_texts(before or {}, after))
    if isinstance(after, list):
        former = list(before or [])
        additions = [f"+{text}" for text in after if text not in former]
        return ", ".join([*additions, *(f"-{text}" for text in former if text not in after)])
    return _word(after) if before is None else f"{_word(before)} -> {_word(after)}"


def _changes_of_texts(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for word, text in after.items():
        if word not in before:
            yield f"+{word} ({text})"
        elif before[word] != text:
            yield f"{word} ({before[word]} -> {text})"
    yield from (f"-{word}" for word in before if word not in after)


def _word(value: Any) -> str:
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _document(outcome: Outcome, *, is_rehearsal: bool) -> dict[str, Any]:
    return {
        "applied": not is_rehearsal,
        "differences": [_difference(difference) for difference in outcome.differences],
        "secrets": outcome.secrets,
    }


def _difference(difference: Difference) -> dict[str, Any]:
    members = [to_jsonable_python(member._asdict()) for member in difference.members]
    return {"kind": difference.kind, "name": difference.name, "new": difference.is_new, "members": members}
