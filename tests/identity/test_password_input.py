"""A password that is piped into a command is one line, or it is refused."""

from io import BytesIO

import pytest

from identity_service.password_input import read_line
from watchword.errors import Invalid


@pytest.mark.parametrize("piped", ["correct horse", "correct horse\n", "correct horse\r\n", " é \n"])
def test_password_is_the_line_without_its_end(piped: str) -> None:
    assert read_line(BytesIO(piped.encode())) == piped.rstrip("\r\n")


REFUSED = {
    "empty": (b"", "is empty"),
    "an empty line": (b"\n", "is empty"),
    "several lines": (b"one\ntwo\n", "has several lines"),
    "an empty line of Windows": (b"\r\n", "is empty"),
    "a second carriage return": (b"correct horse\r\r\n", "ends with a carriage return"),
    "a second empty line": (b"one\n\n", "has several lines"),
    "carriage return alone": (b"correct horse\r", "ends with a carriage return"),
    "carriage return within": (b"one\rtwo\n", "has several lines"),
    "NUL": (b"correct\x00horse\n", "holds the character NUL"),
    "Latin-1": ("é".encode("latin-1"), "is not UTF-8"),
    "UTF-16": ("correct horse\n".encode("utf-16"), "is not UTF-8"),
    "byte order mark": ("\ufeffcorrect horse\n".encode(), "begins with a byte order mark"),
    "ten megabytes": (b"x" * 10_000_000, "is longer than 4096 bytes"),
}


@pytest.mark.parametrize(("piped", "fault"), REFUSED.values(), ids=REFUSED.keys())
def test_anything_else_is_refused_and_not_cut_off(piped: bytes, fault: str) -> None:
    with pytest.raises(Invalid, match=f"standard input {fault}"):
        read_line(BytesIO(piped))
