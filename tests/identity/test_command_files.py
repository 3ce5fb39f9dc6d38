"""The files that commands read: each that cannot be read is refused in a line, and never with a traceback."""

import io
import sys
from pathlib import Path

import pytest

from identity_service.commands.files import opened
from watchword.errors import Invalid


def test_a_file_or_standard_input_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(b"from a file")
    with opened(str(tmp_path / "lines")) as binary:
        assert binary.read() == b"from a file"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"from a pipe")))
    with opened("-") as binary:
        assert binary.read() == b"from a pipe"


def test_standard_input_that_is_closed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(Invalid) as refusal, opened("-"):
        pass
    assert refusal.value.advice == "standard input is closed"


@pytest.mark.parametrize(("name", "reason"), [("", "Is a directory"), ("none", "No such file or directory")])
def test_what_is_no_file_is_refused_by_name(tmp_path: Path, name: str, reason: str) -> None:
    path = str(tmp_path / name)
    with pytest.raises(Invalid) as refusal, opened(path):
        pass
    assert refusal.value.advice == f"{path} cannot be read: {reason}"
