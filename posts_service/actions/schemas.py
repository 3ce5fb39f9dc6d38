"""What a reason looks like, in a query and in JSON."""

from typing import Annotated, Final

from pydantic import Field

from watchword.http.fields import NUL, Stripped, Text, Visible, visible_pattern

MAX_REASON: Final = 1_000

Reason = Annotated[
    Text,
    Field(
        min_length=1,
        max_length=MAX_REASON,
        description="Has a visible character; white space at both ends is removed",
        examples=["It is an advertisement"],
        json_schema_extra={"pattern": visible_pattern(NUL)},
    ),
    Stripped,
    Visible,
]
