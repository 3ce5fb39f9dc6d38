"""Kinds of text that requests may hold."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def _storable(value: str) -> str:
    # PostgreSQL stores every character of Unicode but this one.
    if "\x00" in value:
        raise ValueError("must not contain the character NUL")
    return value


Text = Annotated[str, AfterValidator(_storable)]
"""Text that PostgreSQL can store."""


class Body(BaseModel):
    """A body that comes in: unknown members are refused, so that nobody believes they had an effect."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)
