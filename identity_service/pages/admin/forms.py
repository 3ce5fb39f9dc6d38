"""The forms of the administration that several sections have."""

from typing import Annotated

from pydantic import Field

from watchword.errors import PreconditionFailed
from watchword.http.fields import Body, Text

MAX_CURSOR_CHARACTERS = 1_000

Cursor = Annotated[Text | None, Field(max_length=MAX_CURSOR_CHARACTERS)]


class Place(Body):
    """Where a page of a list begins."""

    cursor: Cursor = None


class Changing(Body):
    """A change of what others may change, too. `etag` is the entity tag of what the page has shown."""

    etag: Annotated[Text, Field(max_length=100)]

    def ensure_is(self, etag: str) -> None:
        """Raise PreconditionFailed if it is not what the page has shown."""
        if self.etag != etag:
            raise PreconditionFailed
