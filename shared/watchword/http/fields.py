"""Types for the fields of request bodies."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from watchword.characters import has_visible

MAX_MEMBERS: Final = 100

# PostgreSQL stores every character of Unicode but NUL. Half of a surrogate pair, which JSON can express, is not a
# character; pydantic refuses it when it matches the pattern.
NUL: Final = r"\x00"
"""What no text has, for the brackets of a regular expression."""

LEFT_OUT: Final[Any] = None
"""The default of a member that may be left out but not be null."""

Text = Annotated[str, StringConstraints(pattern=rf"^[^{NUL}]*$")]
"""Text that PostgreSQL can store."""

NO_LABEL_CHARACTERS: Final = r"\x00\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""What a label has none of, for the brackets of a regular expression: NUL, and the characters that set the direction of
writing, by which one label could turn the text around it (UAX #9, UTR #36)."""

Label = Annotated[str, StringConstraints(pattern=rf"^[^{NO_LABEL_CHARACTERS}]*$")]
"""Text that is shown among the text of others, such as a title or a name, and that PostgreSQL can store."""


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _ensure_visible(text: str) -> str:
    # For its reader it is an empty text, and it has the code of one.
    if not has_visible(text):
        raise PydanticCustomError("string_too_short", "String should have at least 1 visible character")
    return text


Stripped: Final = BeforeValidator(_stripped)
"""White space at both ends is removed, and does not count for the length."""

Visible: Final = AfterValidator(_ensure_visible)
"""A text that must not be empty, beside `min_length=1`, has a character that its readers can see."""

# Those of the Basic Multilingual Plane, without the marks of scripts: for these, an expression would be very long.
_INVISIBLE: Final = (
    r"\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
)


def visible_pattern(refused: str) -> str:
    """What `Visible` texts without these characters match, for the OpenAPI document: an expression of ECMA-262.
    `refused` is for the brackets of an expression."""
    return rf"^[^{refused}]*[^{refused}{_INVISIBLE}][^{refused}]*$"


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
