"""What docs/operations.md tells an operator to run."""

import re
from typing import Final, NamedTuple

from tests.support.containers import ROOT

GUIDE: Final = ROOT / "docs" / "operations.md"

_HEADING: Final = re.compile(r"#+ (.+)\n")
_FENCE: Final = re.compile(r"```(\w*)\n")
_END: Final = "```\n"
_NOT_RUN: Final = re.compile(r"\*No test runs this: .+\*\n")


class Block(NamedTuple):
    """A fenced block: the heading that it is under, its language and its text, and whether the line above it says why
    no test runs it."""

    heading: str
    language: str
    text: str
    is_exempt: bool


def blocks() -> list[Block]:
    """Every fenced block of the guide, in its order."""
    fenced: list[Block] = []
    heading, above = "", ""
    lines = iter(GUIDE.read_text(encoding="utf-8").splitlines(keepends=True))
    for line in lines:
        if fence := _FENCE.fullmatch(line):
            text = "".join(iter(lambda: next(lines), _END))
            fenced.append(Block(heading, fence[1], text, _NOT_RUN.fullmatch(above) is not None))
        elif named := _HEADING.fullmatch(line):
            heading = named[1]
        if line.strip():
            above = line
    return fenced
