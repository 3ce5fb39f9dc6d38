"""What a reason looks like, in a query and in JSON."""

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from watchword.http.fields import Text

MAX_REASON: Final = 1_000


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


Reason = Annotated[
    Text,
    Field(
        min_length=1,
        max_length=MAX_REASON,
        description="White space at both ends is removed",
        examples=["It is an advertisement"],
    ),
    # The length is that of the reason without white space around it.
    BeforeValidator(_stripped),
]
