"""The files that commands read."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from watchword.errors import Invalid

_STANDARD_INPUT: Final = "-"


@contextmanager
def opened(file: str) -> Iterator[BinaryIO]:
    """The file of this name, or standard input if it is `-`. Raises Invalid if it cannot be read."""
    if file == _STANDARD_INPUT:
        # Python has no standard input if the file descriptor is closed.
        if sys.stdin is None:
            raise Invalid(advice="standard input is closed")
        yield sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as binary:
            yield binary
    except OSError as error:
        raise Invalid(advice=f"{file} cannot be read: {error.strerror}") from None
