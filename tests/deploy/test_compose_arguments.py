"""`make up` refuses numbers of replicas that no stack can have, before it does anything; MAIL=1 starts a mailbox."""

import json
import subprocess
from pathlib import Path

import pytest

from deploy.compose.__main__ import main

ROOT = Path(__file__).parents[2]
CONFIG = {
    "name": "watchword",
    "services": {
        "identity": {"environment": {"IDENTITY_SMTP_HOST": "$SMTP_HOST"}},
        "posts": {"image": "elsewhere:1", "environment": {"POSTS_ISSUER": "http://i", "POSTS_AUDIENCE": "http://p"}},
    },
    "secrets": {"POSTGRES_PASSWORD": {"file": "$SECRETS/POSTGRES_PASSWORD"}},
}
DOCKER = """#!/bin/sh
case "$*" in
  "compose config --format json") cat "$CONFIG" ;;
  "volume ls "*) ;;
  *) echo "$*; $SMTP_HOST $SMTP_PORT $SMTP_SECURITY" >> "$CALLS" ;;
esac
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which a `docker` writes what it is called with, and the settings of mail then."""
    program, config = tmp_path / "bin" / "docker", tmp_path / "config.json"
    program.parent.mkdir()
    program.write_text(DOCKER)
    program.chmod(0o755)
    config.write_text(json.dumps(CONFIG).replace("$SECRETS", str(tmp_path / "secrets")).replace("$SMTP_HOST", ""))
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("CONFIG", str(config))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    for name in ("SMTP_HOST", "SMTP_PORT", "SMTP_SECURITY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "calls"


def test_a_mailbox_is_started_and_letters_go_to_it_only_if_it_is_requested(calls: Path) -> None:
    assert main(["up"]) == 0
    assert main(["up", "--mail"]) == 0
    without, with_mailbox = calls.read_text().splitlines()
    assert without.startswith("compose up ")
    assert without.endswith(";   ")
    assert with_mailbox.startswith("compose --profile mail up ")
    assert with_mailbox.endswith("; mailbox 1025 none")


def test_a_mailbox_beside_a_mail_server_is_refused(
    calls: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.json"
    config.write_text(
        config.read_text().replace('"IDENTITY_SMTP_HOST": ""', '"IDENTITY_SMTP_HOST": "smtp.example.com"')
    )
    assert main(["up", "--mail"]) == 1
    assert "letters go to smtp.example.com (SMTP_HOST) or to the mailbox" in capsys.readouterr().err
    assert not calls.exists()


@pytest.mark.parametrize(("arguments", "is_requested"), [([], False), (["MAIL=1"], True), (["MAIL=0"], False)])
def test_make_up_passes_mail_on(arguments: list[str], is_requested: bool) -> None:
    command = ["make", "--dry-run", "up", *arguments]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ("--mail" in process.stdout) == is_requested


@pytest.mark.parametrize("number", ["0", "-1", "two", "1.5", "", "101", "1_0"])
def test_a_number_of_replicas_that_cannot_be_is_refused(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["up", f"--posts={number}"])
    assert end.value.code == 2
    assert "is no number of replicas: write 1 to 100" in capsys.readouterr().err
