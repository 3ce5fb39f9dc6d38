"""A password that is piped into a command."""

import sys
from typing import BinaryIO, Final

from watchword.errors import Invalid

_MAX_BYTES: Final = 4_096


def read_password() -> str:
    """The password that is piped into this process. Raises Invalid."""
    # Python has no standard input if the file descriptor is closed.
    if sys.stdin is None:
        raise Invalid(advice="standard input is closed")
    try:
        return read_line(sys.stdin.buffer)
    except OSError as error:
        raise Invalid(advice=f"standard input cannot be read: {error.strerror}") from None


def read_line(stream: BinaryIO) -> str:
    """The one line of the stream, without its line feed or that of Windows. Raises Invalid, which says what else the
    stream holds.

    Input that is not clearly one password is refused. If it were shortened, the user could not sign in with it.
    """
    raw = stream.read(_MAX_BYTES + 1)
    if len(raw) > _MAX_BYTES:
        raise Invalid(advice=f"standard input is longer than {_MAX_BYTES} bytes; a password is one line")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise Invalid(advice="standard input is not UTF-8") from None
    line = text.removesuffix("\r\n") if text.endswith("\r\n") else text.removesuffix("\n")
    if (fault := _fault(line)) is not None:
        raise Invalid(advice=f"standard input {fault}; a password is one line")
    return line


def _fault(line: str) -> str | None:
    if not line:
        return "is empty"
    if line.endswith("\r"):
        return "ends with a carriage return"
    if "\n" in line or "\r" in line:
        return "has several lines"
    if "\x00" in line:
        return "holds the character NUL"
    return "begins with a byte order mark" if line.startswith("\ufeff") else None
