"""The first administrator of `make run` and `make up`: named once, never `admin` by default, and remembered."""

import getpass
import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from deploy.administrator import Administrator, choose_administrator, email_of
from deploy.common import CommandFailed
from deploy.compose.__main__ import main as compose
from deploy.compose.secret_files import ensure_secrets, read_administrator
from deploy.local.__main__ import main
from deploy.local.environment import Addresses, service_environment
from deploy.local.processes import any_free_port
from deploy.local.run import welcome
from deploy.local.secret_file import load_secrets
from identity_service.accounts.schemas import Email, Username
from identity_service.users.reserved_names import RESERVED, plain_name
from tests.deploy.test_compose_arguments import calls

__all__ = ["calls"]

ADDRESSES = Addresses(8001, 8002, 5432)


@pytest.fixture(autouse=True)
def user(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user of this machine is called `lovelace`."""
    monkeypatch.setattr(getpass, "getuser", lambda: "lovelace")


@pytest.mark.parametrize("name", ["root", "Admin", "x", "n" * 33, "DOMAIN\\joe", "joe doe", "ada", "joe.", "-joe", ""])
def test_user_whose_name_may_not_be_a_username_gives_it_to_nobody(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: name)
    username, email = choose_administrator()
    assert username not in ("admin", name)
    assert plain_name(username) not in RESERVED
    assert TypeAdapter(Username).validate_python(username) == username
    assert TypeAdapter(Email).validate_python(email) == email


def test_user_without_a_name_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise KeyError("getpwuid(): uid not found: 10001")

    monkeypatch.setattr(getpass, "getuser", fail)
    assert choose_administrator().username == choose_administrator().username != "admin"


def test_name_of_the_user_or_a_chosen_one_is_taken() -> None:
    assert choose_administrator() == ("lovelace", "lovelace@example.com")
    assert choose_administrator("j.doe", "joe@acme.example") == ("j.doe", "joe@acme.example")
    with pytest.raises(CommandFailed, match="ADMIN=joe doe cannot be a username"):
        choose_administrator("joe doe")


@pytest.mark.parametrize("email", ["", "joe", "joe@corp", "joe@corp.local", "joe@a.TEST", "a b@a.de", "J <joe@a.de>"])
def test_address_that_identity_refuses_is_not_remembered(
    tmp_path: Path, calls: Path, capsys: pytest.CaptureFixture[str], email: str
) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Email).validate_python(email)
    assert compose(["up", f"--admin-email={email}"]) == 1
    assert f"ADMIN_EMAIL={email} cannot be an e-mail address" in capsys.readouterr().err
    assert compose(["up", "--admin-email=jöe+x@straße.example"]) == 0


def test_name_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = load_secrets(tmp_path / "secrets.json", "joe")
    monkeypatch.setattr(getpass, "getuser", lambda: "somebody-else")
    assert load_secrets(tmp_path / "secrets.json") == load_secrets(tmp_path / "secrets.json", "joe") == secrets
    ports = [f"--{service}-port={any_free_port()}" for service in ("identity", "posts")]
    assert main(["run", f"--home={tmp_path}", *ports, "--admin=jane"]) == 1
    assert "ADMIN=jane has no effect" in capsys.readouterr().err
    assert load_secrets(tmp_path / "secrets.json") == secrets


def test_folder_of_an_earlier_release_goes_on_with_admin(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text(json.dumps({"admin_password": "the first password"}))
    secrets = load_secrets(tmp_path / "secrets.json")
    environment = service_environment(ADDRESSES, secrets, {}, tmp_path)
    assert environment["IDENTITY_ADMIN_USERNAME"] == "admin"
    assert environment["IDENTITY_ADMIN_EMAIL"] == "admin@example.com"
    text = welcome(ADDRESSES, secrets, tmp_path, environment, reload=False)
    assert "as admin with the password the first password\n" in text
    assert "unless you have changed it" in text
    assert "seven days" not in text


def test_welcome_says_how_the_administrator_signs_in_for_the_first_time(tmp_path: Path) -> None:
    secrets = load_secrets(tmp_path / "secrets.json")
    environment = service_environment(ADDRESSES, secrets, {}, tmp_path)
    text = welcome(ADDRESSES, secrets, tmp_path, environment, reload=False)
    assert "open http://localhost:8001/sign-in, sign in as lovelace\n" in text
    assert f"choose your own: {secrets['admin_password']}\n" in text
    assert 'make identity DO="users set-password lovelace"' in text


def test_stack_remembers_its_administrator(tmp_path: Path, calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    joe = ["--admin=joe", "--admin-email=joe@acme.example"]
    assert compose(["up", *joe]) == 0
    printed = capsys.readouterr().out
    assert "The administrator is joe (joe@acme.example)." in printed
    assert str(tmp_path / "secrets" / "ADMIN_PASSWORD") in printed
    assert [compose(["up"]), compose(["up", *joe])] == [0, 0]
    assert compose(["up", "--admin=jane"]) == 1
    assert compose(["up", "--admin-email=jane@acme.example"]) == 1
    assert "ADMIN_EMAIL=jane@acme.example has no effect" in capsys.readouterr().err
    assert read_administrator(tmp_path / "secrets") == ("joe", "joe@acme.example")


def test_stack_of_an_earlier_release_goes_on_with_admin(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    ensure_secrets(folder, "watchword", (), Administrator("joe", email_of("joe")))
    for name in ("ADMIN_USERNAME", "ADMIN_EMAIL"):
        (folder / name).unlink()
    ensure_secrets(folder, "watchword", ["watchword_postgres"])
    assert read_administrator(folder) == ("admin", "admin@example.com")
    assert (folder / "ADMIN_USERNAME").stat().st_mode & 0o777 == 0o444
