"""A peer that cannot be had here is left out, and one line says why."""

from pathlib import Path

import pytest

from tests.bench.peers import environments

MAKEFILE = ".bench/python:\n\t@echo making; {command}\n"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    monkeypatch.setattr(environments, "FOLDER", tmp_path / ".bench")
    return tmp_path


def test_without_node_its_peer_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environments.oidc_provider() is None
    assert capsys.readouterr().out.startswith("Left out: oidc-provider, because there is no Node here")


def test_peers_that_cannot_be_installed_are_left_out(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "Makefile").write_text(MAKEFILE.format(command="echo 'no connection' >&2; exit 1"))
    assert environments.python() is None
    (line,) = capsys.readouterr().out.splitlines()
    assert line == "Left out: the peers in Python, which cannot be installed: no connection"


def test_peers_that_are_installed_have_an_interpreter(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "Makefile").write_text(MAKEFILE.format(command="touch .bench/python"))
    assert environments.python() == checkout / ".bench" / "venv" / "bin" / "python"
    assert capsys.readouterr().out == ""
