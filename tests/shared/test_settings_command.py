"""`python -m <service> settings` prints what a start would read, and every command names variables without effect."""

import asyncio
import os
import signal
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

import identity_service.cli
import posts_service.cli
from tests.shared.test_settings import DATABASE_PASSWORD, IDENTITY, POSTS, SECRET

PATIENCE_SECONDS = 60
FORMER_KEY, ANOTHER_KEY = (urlsafe_b64encode(bytes(range(first, first + 32))).decode() for first in (100, 200))
OURS = ("IDENTITY_", "POSTS_", "WATCHWORD_")
MAINS = {"identity": identity_service.cli.main, "posts": posts_service.cli.main}
ALL_OF_IDENTITY = IDENTITY | {
    "IDENTITY_MIGRATION_DATABASE_URL": "postgresql://identity_owner:another-password@127.0.0.1/watchword",
    "IDENTITY_POSTS_AUDIENCE": "http://localhost:8002",
    "IDENTITY_POSTS_CLIENT_SECRET": "a secret of the client posts",
    "IDENTITY_ADMIN_USERNAME": "grace",
    "IDENTITY_ADMIN_EMAIL": "grace@example.com",
    "IDENTITY_ADMIN_PASSWORD": "a password of the administrator",
}
INJECTED = {
    "IDENTITY_SERVICE_HOST": "10.96.0.7",
    "IDENTITY_SERVICE_PORT": "8001",
    "IDENTITY_SERVICE_PORT_HTTP": "8001",
    "IDENTITY_PORT": "tcp://10.96.0.7:8001",
    "IDENTITY_PORT_8001_TCP": "tcp://10.96.0.7:8001",
    "IDENTITY_PORT_8001_TCP_PROTO": "tcp",
    "IDENTITY_PORT_8001_TCP_PORT": "8001",
    "IDENTITY_PORT_8001_TCP_ADDR": "10.96.0.7",
    "IDENTITY_POSTGRES_PORT": "tcp://10.96.0.8:5432",
}


class Printed:
    """Runs the command `settings` in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, service: str, environment: dict[str, str]) -> tuple[int, dict[str, str], list[str]]:
        """The exit status, the rest of each printed line by its variable, and the lines of standard error."""
        for name in [name for name in os.environ if name.upper().startswith(OURS)]:
            self._monkeypatch.delenv(name)
        for name, value in ({"WATCHWORD_SECRETS_FOLDER": ""} | environment).items():
            self._monkeypatch.setenv(name, value)
        status = 0
        try:
            MAINS[service](["settings"])
        except SystemExit as end:
            status = int(end.code or 0)
        output, error = self._capsys.readouterr()
        return status, dict(line.split(maxsplit=1) for line in output.splitlines()), error.splitlines()


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Printed]:
    handler = signal.getsignal(signal.SIGTERM)
    yield Printed(monkeypatch, capsys)
    signal.signal(signal.SIGTERM, handler)


def test_each_setting_is_printed_with_where_it_comes_from(settings: Printed, tmp_path: Path) -> None:
    env_file, folder = tmp_path / "posts.env", tmp_path / "secrets"
    env_file.write_text("POSTS_CORS_ORIGINS=HTTPS://A.example:443\n")
    folder.mkdir()
    (folder / "POSTS_CLIENT_SECRET").write_text(POSTS["POSTS_CLIENT_SECRET"])
    environment = {name: value for name, value in POSTS.items() if name != "POSTS_CLIENT_SECRET"}
    environment |= {"WATCHWORD_ENV_FILE": str(env_file), "WATCHWORD_SECRETS_FOLDER": str(folder)}
    status, lines, error = settings("posts", environment)
    assert (status, error) == (0, [])
    assert lines["POSTS_PORT"] == "8002  (default)"
    assert lines["POSTS_AUDIENCE"] == "http://localhost:8002  (environment)"
    assert lines["POSTS_CORS_ORIGINS"] == f"https://a.example  (file {env_file})"
    assert lines["POSTS_CLIENT_SECRET"] == f"***  (file {folder / 'POSTS_CLIENT_SECRET'})"
    assert lines["POSTS_MIGRATION_DATABASE_URL"] == "not set  (required by migrate)"


def test_no_secret_is_printed_not_even_within_a_url(settings: Printed) -> None:
    status, lines, error = settings("identity", ALL_OF_IDENTITY)
    assert (status, error) == (0, [])
    printed = repr(lines)
    assert lines["IDENTITY_DATABASE_URL"] == "postgresql://posts_app:***@127.0.0.1/watchword  (environment)"
    assert DATABASE_PASSWORD not in printed
    assert "another-password" not in printed
    assert all(value not in printed for name, value in ALL_OF_IDENTITY.items() if name.endswith(("KEY", "SECRET")))
    assert ALL_OF_IDENTITY["IDENTITY_ADMIN_PASSWORD"] not in printed


@pytest.mark.parametrize(("text", "shown"), [("", "-"), (f"{FORMER_KEY},{ANOTHER_KEY}\n", "***")])
def test_former_keys_are_read_from_a_file_that_may_be_empty_and_are_not_printed(
    settings: Printed, tmp_path: Path, text: str, shown: str
) -> None:
    path = tmp_path / "IDENTITY_FORMER_KEY_ENCRYPTION_KEYS"
    path.write_text(text)
    status, lines, error = settings("identity", ALL_OF_IDENTITY | {"WATCHWORD_SECRETS_FOLDER": str(tmp_path)})
    assert (status, error) == (0, [])
    assert lines[path.name] == f"{shown}  (file {path})"


def test_what_is_wrong_is_printed_too_without_its_value(settings: Printed) -> None:
    environment = ALL_OF_IDENTITY | {"IDENTITY_PORT": SECRET, "IDENTITY_POSTS_CLIENT_SECRET": "short"}
    del environment["IDENTITY_ISSUER"]
    status, lines, error = settings("identity", environment)
    assert status == 2
    assert lines["IDENTITY_PORT"] == "wrong  (environment)"
    assert lines["IDENTITY_ISSUER"] == "not set  (required by serve)"
    assert lines["IDENTITY_WORKERS"] == "1  (default)"
    assert {line.split()[0] for line in error} == {
        "IDENTITY_PORT",
        "IDENTITY_ISSUER",
        "IDENTITY_POSTS_CLIENT_SECRET",
    }
    assert SECRET not in repr((lines, error))


def test_a_variable_without_effect_is_named_with_the_one_that_may_be_meant(settings: Printed) -> None:
    environment = IDENTITY | {
        "IDENTITY_CORS_ORIGIN": "x",
        "WATCHWORD_ENVFILE": "x",
        "POSTS_X": "x",
        "IDENTITY_ODD": "x",
    }
    status, _, error = settings("identity", environment)
    assert status == 0
    assert error == [
        "warning: IDENTITY_CORS_ORIGIN is no setting and has no effect; is IDENTITY_CORS_ORIGINS meant?",
        "warning: IDENTITY_ODD is no setting and has no effect",
        "warning: WATCHWORD_ENVFILE is no setting and has no effect; is WATCHWORD_ENV_FILE meant?",
    ]


def test_a_folder_of_secrets_that_is_not_there_is_named(settings: Printed) -> None:
    _, _, error = settings("identity", IDENTITY | {"WATCHWORD_SECRETS_FOLDER": "/nowhere"})
    assert error == ["warning: WATCHWORD_SECRETS_FOLDER has no effect: there is no folder /nowhere"]


def test_what_kubernetes_injects_for_a_service_of_the_same_name_is_no_setting(settings: Printed) -> None:
    status, lines, error = settings("identity", IDENTITY | INJECTED)
    assert (status, error) == (0, [])
    assert lines["IDENTITY_PORT"] == "8001  (default)"


def test_a_variable_in_two_cases_is_refused_rather_than_one_of_them_taken(settings: Printed) -> None:
    status, lines, error = settings("identity", IDENTITY | {"IDENTITY_PORT": "9001", "identity_port": "9002"})
    assert (status, error) == (2, ["IDENTITY_PORT is wrong: the environment has it 2 times"])
    assert lines["IDENTITY_PORT"] == "wrong  (see below)"


async def test_a_file_that_cannot_be_read_ends_the_process() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "posts_service", "serve"),
        env={**environment, "WATCHWORD_ENV_FILE": "/nowhere"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, error = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert (process.returncode, output) == (2, b"")
    assert error == b"/nowhere cannot be read: No such file or directory\n"
