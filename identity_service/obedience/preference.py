"""The preference `wait` of a request (RFC 7240 section 4.3)."""

import re
from collections.abc import Iterable
from typing import Final

MAX_SECONDS: Final = 10
"""What a caller who prefers to wait for longer gets."""

MAX_CHARACTERS: Final = 1_000
"""Longer fields are ignored: quotes that do not close would take long to read."""

_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
# A list of preferences, and a preference with its parameters (section 2); neither sign separates within quotes.
_PREFERENCE: Final = re.compile(rf'(?:[^",]|{_QUOTED})+')
_WAIT: Final = re.compile(r'\s*wait\s*=\s*("?)(\d+)\1\s*(?:;.*)?', re.ASCII | re.IGNORECASE)


def wait_seconds(fields: Iterable[str]) -> int | None:
    """For how long the caller prefers to wait, at most MAX_SECONDS, by the fields Prefer of a request; None if they do
    not say so. The first `wait` of several counts, and one that is malformed is ignored (section 2)."""
    field = ",".join(fields)
    if len(field) > MAX_CHARACTERS:
        return None
    for preference in _PREFERENCE.findall(field):
        if preference.partition(";")[0].partition("=")[0].strip().lower() == "wait":
            match = _WAIT.fullmatch(preference)
            return None if match is None else _capped(match[2])
    return None


def _capped(digits: str) -> int:
    significant = digits.lstrip("0")
    return MAX_SECONDS if len(significant) > len(str(MAX_SECONDS)) else min(int(significant or "0"), MAX_SECONDS)
