"""Kinds of text that requests may hold."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

# PostgreSQL stores every character of Unicode but NUL; half of a surrogate pair, which JSON can say, is none at all,
# and is refused by the very matching.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
"""Text that PostgreSQL can store."""


class Body(BaseModel):
    """A body that comes in: unknown members are refused, so that nobody believes they had an effect."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)
