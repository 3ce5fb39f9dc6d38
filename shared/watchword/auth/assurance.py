"""How strongly a person has proved who they are: the values of the claim `acr`, in their order."""

from typing import Final

LEVELS: Final = ("pwd", "mfa", "phr")
"""A password or its like; a second factor; a factor that cannot be phished. Each is stronger than those before it."""


def at_least(acr: str) -> tuple[str, ...]:
    """The levels that are as strong as this one. Raises ValueError for a level that no token has."""
    if acr not in LEVELS:
        raise ValueError(f"acr: one of {', '.join(LEVELS)}, and not {acr!r}")
    return LEVELS[LEVELS.index(acr) :]
