"""Cursors of lists that are in the order of names."""

from typing import Annotated

from pydantic import Field

NameCursor = Annotated[str | None, Field(max_length=1_000, description="`next` of the previous page")]
