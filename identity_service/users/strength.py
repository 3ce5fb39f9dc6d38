"""How easy a password is to guess, judged by zxcvbn with bounded work."""

import re
import threading
from collections.abc import Collection
from typing import Any, Final

from zxcvbn import frequency_lists, matching, zxcvbn

from identity_service.users.ranked_words import RankedWords

_CHECKED_CHARACTERS: Final = 32
_WORD_CHARACTERS: Final = 3
MAX_LOOKUPS: Final = 3_000
"""About how many parts of a password zxcvbn may look up in its dictionaries."""

# One sign for all that stand for the same letter: each further sign multiplies the readings that zxcvbn tries.
# A line break becomes a space: zxcvbn fails on digits with a line break behind them, which it takes for a date.
_SUBSTITUTES: Final = str.maketrans("{[<|+\n", "(((!t ")

_SIGNS: Final = frozenset(sign for signs in matching.L33T_TABLE.values() for sign in signs)


def _save_memory() -> None:
    """Keep zxcvbn's words in less memory, and drop the lists that its dictionaries were made of."""
    dictionaries: dict[str, Any] = matching.RANKED_DICTIONARIES
    for name, ranks in dictionaries.items():
        dictionaries[name] = RankedWords(ranks)
    frequency_lists.FREQUENCY_LISTS.clear()


# It takes each process fifty milliseconds when it starts, and saves eleven megabytes.
_save_memory()

# zxcvbn keeps the hints of the password that it checks in a global variable.
_lock = threading.Lock()


def estimate(password: str, hints: Collection[str]) -> dict[str, Any]:
    """What zxcvbn says of the part of the password that it is given: `guesses` and `feedback`.

    zxcvbn is written in Python and keeps every other thread of the process waiting, so its work is bounded. `hints` are
    words that are easy to guess for this user.
    """
    part = checked_part(password)
    words = [hint.translate(_SUBSTITUTES)[: len(part)] for hint in hints]
    with _lock:
        return dict(zxcvbn(part, user_inputs=words))


def parts_of(texts: Collection[str]) -> list[str]:
    """The words in these texts, such as the name and the domain in an address; not the shortest ones."""
    return [part for text in texts for part in re.split(r"[\W_]+", text) if len(part) >= _WORD_CHARACTERS]


def checked_part(password: str) -> str:
    """The longest beginning of the password for which zxcvbn looks up no more than MAX_LOOKUPS parts.

    It looks up each part of each reading, and signs such as 1, which may stand for `i` or `l`, give many readings: ten
    characters that are all such signs take as much as thirty-two without them. Either is more than a strong password
    needs.
    """
    part = password[:_CHECKED_CHARACTERS].translate(_SUBSTITUTES)
    readings = 0
    for end, character in enumerate(part, start=1):
        if character in _SIGNS and character not in part[: end - 1]:
            readings = _readings(part[:end])
        # Beside the readings there is the password itself, forwards and backwards.
        if (2 + readings) * end * (end + 1) // 2 > MAX_LOOKUPS:
            return part[: end - 1]
    return part


def _readings(part: str) -> int:
    return len(matching.enumerate_l33t_subs(matching.relevant_l33t_subtable(part, matching.L33T_TABLE)))
