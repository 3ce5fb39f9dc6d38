"""Data from before the rename: the embedded database postern becomes watchword, and nothing is ever lost."""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from deploy.common import ROLES, CommandFailed
from deploy.local.carry_over import carry_over_database, main
from deploy.local.postgres import EmbeddedPostgres, PostgresFailed, prepare_database
from tests.deploy.local_command import local_command
from tests.support.services import PASSWORD

PASSWORDS = {role: f"{role}-password" for role in ROLES}
WRITE = """
    CREATE TABLE identity.clients (id text, name text);
    INSERT INTO identity.clients VALUES ('web', 'Postern''s own pages'), ('mine', 'My own');
"""
READ = "SELECT name FROM identity.clients ORDER BY id"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def server(home: Path) -> Iterator[EmbeddedPostgres]:
    """A server as an earlier release left it, with one row of the person's own."""
    with EmbeddedPostgres(home / "postgres") as running:
        prepare_database(running, "postern", PASSWORDS)
        running.psql("postern", WRITE, user="identity_owner", password=PASSWORDS["identity_owner"])
        yield running


def databases(server: EmbeddedPostgres) -> set[str]:
    names = server.psql("postgres", "SELECT datname FROM pg_database WHERE NOT datistemplate").split()
    return set(names) - {"postgres"}


def test_the_database_has_the_new_name_and_its_rows_and_roles(server: EmbeddedPostgres) -> None:
    carry_over_database(server)
    prepare_database(server, "watchword", PASSWORDS)
    assert databases(server) == {"watchword"}
    rows = server.psql("watchword", READ, user="identity_app", password=PASSWORDS["identity_app"])
    assert rows.splitlines() == ["My own", "Watchword's own pages"]


def test_a_second_time_changes_nothing(server: EmbeddedPostgres) -> None:
    carry_over_database(server)
    carry_over_database(server)
    assert databases(server) == {"watchword"}
    assert server.psql("watchword", READ).splitlines() == ["My own", "Watchword's own pages"]


def test_a_database_without_tables_is_renamed_too(server: EmbeddedPostgres) -> None:
    server.psql("postern", "DROP TABLE identity.clients")
    carry_over_database(server)
    assert databases(server) == {"watchword"}


def test_both_databases_are_refused_and_left_as_they_are(server: EmbeddedPostgres) -> None:
    prepare_database(server, "watchword", PASSWORDS)
    with pytest.raises(CommandFailed, match="--keep postern") as refusal:
        carry_over_database(server)
    assert "\n" not in str(refusal.value)
    assert databases(server) == {"postern", "watchword"}
    assert server.psql("postern", READ).splitlines() == ["My own", "Postern's own pages"]


@pytest.mark.parametrize(("choice", "left"), [("postern", "watchword_aside"), ("watchword", "postern_aside")])
def test_the_person_chooses_one_of_both(server: EmbeddedPostgres, home: Path, choice: str, left: str) -> None:
    prepare_database(server, "watchword", PASSWORDS)
    server.psql("watchword", WRITE.replace("My own", "Newer"))
    server.stop()
    assert main(["--keep", choice, "--home", str(home)]) == 0
    server.start()
    carry_over_database(server)
    assert databases(server) == {"watchword", left}
    expected = "My own" if choice == "postern" else "Newer"
    assert expected in server.psql("watchword", READ)


@pytest.mark.parametrize("choice", ["postern", "watchword"])
def test_without_both_databases_there_is_nothing_to_choose(
    server: EmbeddedPostgres, home: Path, choice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    carry_over_database(server)
    server.stop()
    assert main(["--keep", choice, "--home", str(home)]) == 1
    assert "nothing to choose" in capsys.readouterr().err
    server.start()
    assert databases(server) == {"watchword"}


def test_a_folder_without_a_server_stays_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--keep", "postern", "--home", str(tmp_path / "none")]) == 1
    assert "has no embedded server" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


async def test_a_database_in_use_is_left_as_it_is(server: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(server.superuser_url("postern"))
    try:
        with pytest.raises(PostgresFailed, match="is being accessed by other users"):
            carry_over_database(server)
    finally:
        await connection.close()
    assert databases(server) == {"postern"}
    carry_over_database(server)
    assert databases(server) == {"watchword"}


def test_a_kill_between_the_steps_is_completed_by_the_next_start(server: EmbeddedPostgres) -> None:
    # The last state before the rename: the row is changed, the database is not.
    server.psql("postern", "UPDATE identity.clients SET name = 'Watchword''s own pages' WHERE id = 'web'")
    server.kill()
    server.start()
    carry_over_database(server)
    assert server.psql("watchword", READ).splitlines() == ["My own", "Watchword's own pages"]


def test_make_run_finds_the_accounts_of_an_earlier_folder(tmp_path: Path) -> None:
    account = {"username": "ada", "email": "ada@example.com", "password": PASSWORD}
    with local_command("run", tmp_path) as first:
        assert httpx.post(f"{first.url('identity')}/users", json=account, timeout=30).status_code == 201
        first.interrupt()
    with EmbeddedPostgres(tmp_path / "postgres") as server:
        server.psql("postgres", "ALTER DATABASE watchword RENAME TO postern")
    form = {"grant_type": "password", "username": "ada", "password": PASSWORD}
    with local_command("run", tmp_path) as second:
        assert httpx.post(f"{second.url('identity')}/oauth/token", data=form, timeout=30).status_code == 200
