"""The weights in header fields that state a preference, such as Accept (RFC 9110 section 12.4.2)."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

MAX_CHARACTERS: Final = 4_096
"""A longer field has no weights: no browser sends one, and reading 64 kB of commas takes a tenth of a second."""

_WEIGHT: Final = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?", re.ASCII)


def weights(field: str) -> Iterator[tuple[str, float]]:
    """Each element of a field such as Accept, in lower case and without parameters, with its weight: 1 if it has none,
    0 if its weight is malformed."""
    if len(field) > MAX_CHARACTERS:
        return
    for element in field.split(","):
        value, *parameters = (word.strip().lower() for word in element.split(";"))
        yield value, _weight(parameters)


def _weight(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "q":
            return float(value) if _WEIGHT.fullmatch(value) else 0.0
    return 1.0
