"""Types for the fields of request bodies."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

MAX_MEMBERS: Final = 100

# PostgreSQL stores every character of Unicode but NUL. Half of a surrogate pair, which JSON can express, is not a
# character; pydantic refuses it when it matches the pattern.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
"""Text that PostgreSQL can store."""


NO_LABEL_CHARACTERS: Final = r"\x00\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""What a label has none of, for the brackets of a regular expression: NUL, and the characters that set the direction of
writing, by which one label could turn the text around it (UAX #9, UTR #36)."""

Label = Annotated[str, StringConstraints(pattern=rf"^[^{NO_LABEL_CHARACTERS}]*$")]
"""Text that is shown among the text of others, such as a title or a name, and that PostgreSQL can store."""


class Body(BaseModel):
    """A request body. Unknown members are refused, so that no caller believes they had an effect."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    @model_validator(mode="before")
    @classmethod
    def _has_few_members(cls, members: Any) -> Any:
        # Refusing a hundred thousand unknown members one by one would take seconds.
        if isinstance(members, dict) and len(members) > MAX_MEMBERS:
            raise PydanticCustomError("too_many_members", "It has at most {most} members", {"most": MAX_MEMBERS})
        return members
