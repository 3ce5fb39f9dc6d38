"""How strongly a person has proved who they are: the values of the claim `acr`, in their order."""

from collections.abc import Iterable
from typing import Final

LEVELS: Final = ("pwd", "mfa", "phr")
"""A password or its like; a second factor; a factor that cannot be phished. Each is stronger than those before it."""


def at_least(acr: str) -> tuple[str, ...]:
    """The levels that are as strong as this one. Raises ValueError for a level that no token has."""
    if acr not in LEVELS:
        raise ValueError(f"acr: one of {', '.join(LEVELS)}, and not {acr!r}")
    return LEVELS[LEVELS.index(acr) :]


def weakest(levels: Iterable[str]) -> str:
    """The weakest of these levels, at least one of which is given."""
    return min(levels, key=LEVELS.index)


def strongest(levels: Iterable[str]) -> str | None:
    """The strongest of these levels; None if there is none."""
    return max(levels, key=LEVELS.index, default=None)
