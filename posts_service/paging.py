"""The parameters that every list takes, and the Link field of its pages."""

import re
from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError


def in_digits(value: Any) -> Any:
    """Python reads more texts as a number than JSON does: `1_0`, `+5`, `1.0`."""
    if isinstance(value, str) and not re.fullmatch("[0-9]{1,9}", value):
        raise PydanticCustomError("int_parsing", "Input should be a whole number, in digits alone")
    return value


PageLength = Annotated[int, Field(ge=1, le=100), BeforeValidator(in_digits)]


def link_to_next(path: str, parameters: Iterable[tuple[str, str]], next_cursor: str) -> str:
    """The Link field of the next page (RFC 8288); relative, since only the proxy in front knows the host.

    `parameters` are those of the query for this page.
    """
    query = [(name, value) for name, value in parameters if name != "cursor"]
    return f'<{path}?{urlencode([*query, ("cursor", next_cursor)])}>; rel="next"'
