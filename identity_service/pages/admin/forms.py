"""The forms of the administration that several sections have."""

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from identity_service.pages.errors import ConfirmationWrong
from watchword.errors import PreconditionFailed
from watchword.http.fields import Body, Text

MAX_CURSOR_CHARACTERS = 1_000

Cursor = Annotated[Text | None, Field(max_length=MAX_CURSOR_CHARACTERS)]


def _lines(value: object) -> object:
    """The lines of a text that say something."""
    return [line.strip() for line in value.splitlines() if line.strip()] if isinstance(value, str) else value


LINES: Final = BeforeValidator(_lines)
"""Marks a list of which a form has an entry in each line of one field."""

NO_LINES: Final[Any] = []
"""The default of such a list. Each form has a copy of its own: the model copies defaults that can change."""


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


class Repeating(Body):
    """What a person repeats of the page who means an act that cannot be undone."""

    repeated: Annotated[Text, Field(max_length=100)]

    def ensure_repeats(self, text: str) -> None:
        """Raise ConfirmationWrong unless this was typed."""
        if self.repeated.strip() != text:
            raise ConfirmationWrong


class Confirmed(Changing, Repeating):
    """A change that cannot be undone, of what others may change, too."""
