"""`make run` and `make demo` before anything is started: secrets, locks, ports, settings."""

import base64
import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.common import CommandFailed
from deploy.local.__main__ import main
from deploy.local.demo import AUTHORS, MODERATOR, Demo
from deploy.local.demo_texts import write_post
from deploy.local.environment import Addresses, service_environment
from deploy.local.processes import any_free_port
from deploy.local.run import only_run, welcome
from deploy.local.secret_file import load_secrets
from tests.deploy.local_command import ROOT
from watchword.limits import Limit


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_secrets_are_created_once(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    secrets = load_secrets(path)
    assert load_secrets(path) == secrets
    assert len(set(secrets.values())) == len(secrets)
    assert len(base64.urlsafe_b64decode(secrets["key_encryption_key"])) == 32


def test_secrets_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text("{}")
    path.chmod(0o644)
    load_secrets(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secrets.json"]


def test_missing_secrets_are_added_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps({"admin_password": "mine", "posts_client_secret": "", "note": "hello"}))
    loaded = load_secrets(path)
    assert (loaded["admin_password"], loaded["note"]) == ("mine", "hello")
    assert loaded["posts_client_secret"]
    assert json.loads(path.read_text()) == loaded


@pytest.mark.parametrize("content", ["{", "", "[]", '{"admin_password": 1}', "\0"])
def test_a_corrupt_secrets_file_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(content)
    with pytest.raises(CommandFailed, match=str(path)):
        load_secrets(path)
    assert path.read_text() == content


@pytest.mark.parametrize(("service", "other"), [("identity", "posts"), ("posts", "identity")])
def test_a_busy_port_is_named_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], busy_port: int, service: str, other: str
) -> None:
    ports = [f"--{service}-port={busy_port}", f"--{other}-port={any_free_port()}"]
    assert main(["run", f"--home={tmp_path}", *ports]) == 1
    message = capsys.readouterr().err
    assert f"port {busy_port} is in use" in message
    assert f"make run {service.upper()}_PORT=" in message
    assert [entry.name for entry in tmp_path.iterdir()] == ["lock"]


def test_a_second_run_names_the_process_that_holds_the_lock(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with only_run(tmp_path):
        assert main(["run", f"--home={tmp_path}"]) == 1
    assert f"in use by process {os.getpid()}:" in capsys.readouterr().err


def test_the_lock_file_of_a_dead_process_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("1234567\n")
    with only_run(tmp_path):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_an_invalid_port_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], port: str
) -> None:
    monkeypatch.setenv("IDENTITY_PORT", port)
    with pytest.raises(SystemExit):
        main(["run"])
    assert "is not a port" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["-1", "many", "1e6", "10000001"])
def test_a_wrong_number_of_demo_posts_is_refused(capsys: pytest.CaptureFixture[str], number: str) -> None:
    with pytest.raises(SystemExit):
        main(["demo", f"--posts={number}"])
    assert "is not a number of posts" in capsys.readouterr().err


def test_demo_without_a_run_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", f"--home={tmp_path}"]) == 1
    assert "make run" in capsys.readouterr().err


def test_demo_after_a_killed_run_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], busy_port: int
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        Addresses(closed.getsockname()[1], 2, 3).write(tmp_path / "run.json")
        assert main(["demo", f"--home={tmp_path}"]) == 1
    assert "is `make run` running?" in capsys.readouterr().err


def test_the_callers_variables_override_all_but_ports_databases_and_secrets(tmp_path: Path) -> None:
    secrets = load_secrets(tmp_path / "secrets.json")
    caller = {
        "IDENTITY_ISSUER": "https://id.example",
        "IDENTITY_DATABASE_URL": "x",
        "IDENTITY_ADMIN_PASSWORD": "another than the one that is printed",
        "POSTS_PORT": "1",
        "HOME": "/h",
    }
    environment = service_environment(Addresses(8001, 8002, 5432), secrets, caller, tmp_path)
    login = f"identity_app:{secrets['identity_app_password']}"
    assert environment["IDENTITY_DATABASE_URL"] == f"postgresql://{login}@127.0.0.1:5432/watchword"
    assert environment["IDENTITY_ADMIN_PASSWORD"] == secrets["admin_password"]
    assert environment["IDENTITY_ISSUER"] == "https://id.example"
    assert (environment["POSTS_PORT"], environment["HOME"]) == ("8002", "/h")
    assert environment["POSTS_AUDIENCE"] == "http://localhost:8002"


def welcome_with(home: Path, **caller: str) -> str:
    """What `make run` prints if the caller's environment has these variables."""
    addresses, secrets = Addresses(8001, 8002, 5432), load_secrets(home / "secrets.json")
    return welcome(addresses, secrets, home, service_environment(addresses, secrets, caller, home), reload=False)


def test_commands_that_are_printed_need_no_grant_that_is_off(tmp_path: Path) -> None:
    for word in ("true", "1", "Yes", "on", " true "):
        assert welcome_with(tmp_path, IDENTITY_PASSWORD_GRANT=word) == welcome_with(tmp_path)
    assert "-d grant_type=password" in welcome_with(tmp_path)
    for word in ("false", "0", "no", ""):
        text = welcome_with(tmp_path, IDENTITY_PASSWORD_GRANT=word)
        assert "grant_type" not in text
        assert "curl gets none: IDENTITY_PASSWORD_GRANT" in text
        assert "curl -s http://localhost:8001/users --json" in text


def test_one_address_may_make_all_accounts_of_the_walk_throughs_in_an_hour(tmp_path: Path) -> None:
    texts = [(ROOT / document).read_text() for document in ("README.md", "examples/README.md")]
    walk_throughs = set(re.findall(r'/users --json .*"username": "(\w+)"', "".join(texts)))
    addresses, secrets = Addresses(8001, 8002, 5432), load_secrets(tmp_path / "secrets.json")
    environment = service_environment(addresses, secrets, {}, tmp_path)
    limit = Limit.parse("registration", environment["IDENTITY_LIMIT_REGISTRATION"])
    assert len(walk_throughs) > 2
    # Whoever tries the pages too makes as many again.
    assert (limit.seconds, limit.quota >= 2 * len({*walk_throughs, *AUTHORS, MODERATOR})) == (3600, True)


def test_demo_where_the_password_grant_is_off_makes_no_account_and_says_why() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/oauth/token"
        return httpx.Response(400, json={"error": "unsupported_grant_type"})

    demo = Demo(httpx.Client(transport=httpx.MockTransport(answer)), Addresses(8001, 8002, 5432), "a password")
    with pytest.raises(CommandFailed, match="start `make run` without IDENTITY_PASSWORD_GRANT"):
        demo.register("grace")


def test_demo_posts_are_the_same_every_time_and_differ_from_each_other() -> None:
    posts = [write_post("ada", number) for number in range(40)]
    assert posts == [write_post("ada", number) for number in range(40)]
    assert len({post.title for post in posts}) == 40
    assert len({post.body for post in posts}) == 40
