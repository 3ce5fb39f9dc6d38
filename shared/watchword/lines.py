"""Texts of others in log lines, and lines that a flood of requests must not repeat."""

import logging
import time
from typing import Final

MAX_CHARACTERS: Final = 300
SILENT_SECONDS: Final = 600.0


def one_line(text: str, limit: int = MAX_CHARACTERS) -> str:
    """The beginning of a text, with everything escaped that could break a line, move a cursor or reverse the text."""
    shown = "".join(it if it.isprintable() else it.encode("unicode_escape").decode() for it in text[:limit])
    return shown if len(text) <= limit and len(shown) <= limit else f"{shown[:limit]}…"


def quoted(value: object) -> str:
    """A value as Python writes it, as one bounded line: for what a stranger may have chosen."""
    return one_line(repr(value))


class Seldom:
    """A logger that says the same once in ten minutes: each `key` is one message, and a program has few of them."""

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
