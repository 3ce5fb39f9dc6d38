"""Log lines: how they show text that somebody else wrote, and how one is kept from being repeated at each request."""

import logging
import time
from typing import Final

MAX_CHARACTERS: Final = 300
SILENT_SECONDS: Final = 600.0


def one_line(text: str, limit: int = MAX_CHARACTERS) -> str:
    """The beginning of a text, with everything escaped that could break a line, move a cursor or reverse the text."""
    shown = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text[:limit]
    )
    return shown if len(text) <= limit and len(shown) <= limit else f"{shown[:limit]}…"


def quoted(value: object) -> str:
    """The `repr` of a value as one line of limited length, for values that a stranger may have chosen."""
    return one_line(repr(value))


class Seldom:
    """A logger that repeats a message at most once in ten minutes. Each `key` stands for one message; keep them few."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._said_at: dict[str, float] = {}

    def log(self, level: int, key: str, message: str, *values: object) -> None:
        """Log the message, unless one with this key has been logged within SILENT_SECONDS."""
        now = time.monotonic()
        if now - self._said_at.get(key, -float("inf")) < SILENT_SECONDS:
            return
        self._said_at[key] = now
        self._logger.log(level, message, *values)
