"""Types for the fields of request bodies."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

# PostgreSQL stores every character of Unicode but NUL. Half of a surrogate pair, which JSON can express, is not a
# character; pydantic refuses it when it matches the pattern.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
"""Text that PostgreSQL can store."""


class Body(BaseModel):
    """A request body. Unknown members are refused, so that no caller believes they had an effect."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)
