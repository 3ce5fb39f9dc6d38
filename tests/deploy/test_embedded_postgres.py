"""The embedded PostgreSQL: its processes, its data, its addresses, and the packages that it comes from."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.postgres import EmbeddedPostgres, PostgresFailed
from deploy.local.postgres_programs import PACKAGES, VARIABLE, ServerUser
from tests.support.needed import need

ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 30

PARENT = """
import sys
from pathlib import Path
from deploy.local.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
server.start()
print(server.child.process.pid, flush=True)
sys.stdin.read()
"""


def embedded(home: Path, port: int | None = None) -> EmbeddedPostgres:
    return EmbeddedPostgres(home, port=port, durable=False)


def write_a_row(server: EmbeddedPostgres) -> None:
    server.psql("postgres", "CREATE TABLE notes (word text); INSERT INTO notes VALUES ('still here')")


def read_the_row(server: EmbeddedPostgres) -> str:
    return server.psql("postgres", "SELECT word FROM notes")


@pytest.fixture(params=PACKAGES)
def package(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each package with a PostgreSQL in turn, selected by the environment variable."""
    monkeypatch.setenv(VARIABLE, request.param)
    return str(request.param)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_started_server_answers_on_127_0_0_1_alone(tmp_path: Path) -> None:
    with embedded(tmp_path) as server:
        addresses = "SELECT current_setting('listen_addresses'), current_setting('unix_socket_directories')"
        assert server.psql("postgres", addresses) == "127.0.0.1|"
        assert server.superuser_url("postgres").endswith(f"@127.0.0.1:{server.port}/postgres")


def test_each_package_holds_a_postgresql_18_that_starts_and_restarts(tmp_path: Path, package: str) -> None:
    with embedded(tmp_path) as server:
        assert server.psql("postgres", "SHOW server_version_num").startswith("18")
        assert package.replace("-", "_") in server.psql(
            "postgres", "SELECT setting FROM pg_config WHERE name = 'BINDIR'"
        )
        write_a_row(server)
        server.restart()
        assert read_the_row(server) == "still here"


def test_the_default_package_has_the_contrib_modules(tmp_path: Path) -> None:
    with embedded(tmp_path) as server:
        server.psql("postgres", "CREATE EXTENSION pg_trgm")
        assert server.psql("postgres", "SELECT similarity('word', 'word')") == "1"


def test_the_data_of_one_package_opens_with_the_other(
    tmp_path: Path, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (other,) = set(PACKAGES) - {package}
    with embedded(tmp_path) as server:
        write_a_row(server)
        version = server.psql("postgres", "SHOW server_version")
    monkeypatch.setenv(VARIABLE, other)
    with embedded(tmp_path) as server:
        assert server.psql("postgres", "SHOW server_version") != version
        assert read_the_row(server) == "still here"


def test_an_unknown_package_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "postgres")
    with pytest.raises(PostgresFailed, match="WATCHWORD_EMBEDDED_POSTGRES is 'postgres', which is none of embedded-"):
        embedded(tmp_path).start()


def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    with embedded(tmp_path) as server, pytest.raises(PostgresFailed, match="password authentication failed"):
        server.psql("postgres", "SELECT 1", password="guess")


def test_the_superuser_password_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    with embedded(tmp_path):
        assert (tmp_path / "superuser-password").stat().st_mode & 0o777 == 0o600


def test_a_stopped_server_leaves_no_process(tmp_path: Path) -> None:
    with embedded(tmp_path) as server:
        rows = server.psql("postgres", "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        pids = [server.child.process.pid, *map(int, rows.split())]
        assert all(is_running(pid) for pid in pids)
    assert len(pids) > 3
    assert not [pid for pid in pids if is_running(pid)]


def test_stopping_twice_is_no_error(tmp_path: Path) -> None:
    server = embedded(tmp_path)
    server.start()
    server.stop()
    server.stop()


def test_a_restart_keeps_port_and_data(tmp_path: Path) -> None:
    with embedded(tmp_path) as server:
        write_a_row(server)
        port = server.port
        server.restart()
        assert (server.port, read_the_row(server)) == (port, "still here")


def test_data_survives_kill_9(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path) as server:
        write_a_row(server)
        server.kill()
        server.start()
        assert read_the_row(server) == "still here"


def test_an_interrupted_first_start_is_repeated(tmp_path: Path) -> None:
    (tmp_path / "data.new" / "base").mkdir(parents=True)
    (tmp_path / "data.new" / "PG_VERSION").write_text("18\n")
    with embedded(tmp_path) as server:
        assert server.psql("postgres", "SELECT 1") == "1"
    assert not (tmp_path / "data.new").exists()


def test_two_servers_run_side_by_side(tmp_path: Path) -> None:
    with embedded(tmp_path / "one") as one, embedded(tmp_path / "two") as two:
        write_a_row(one)
        assert one.port != two.port
        assert two.psql("postgres", "SELECT to_regclass('notes') IS NULL") == "t"


def test_a_server_left_running_on_the_data_is_stopped_first(tmp_path: Path) -> None:
    with embedded(tmp_path) as left:
        write_a_row(left)
        with embedded(tmp_path) as server:
            assert not left.child.is_alive()
            assert read_the_row(server) == "still here"


def test_a_pid_file_that_names_another_process_does_not_harm_that_process(tmp_path: Path) -> None:
    with embedded(tmp_path) as server:
        server.kill()
        lines = (tmp_path / "data" / "postmaster.pid").read_text().splitlines()
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
            (tmp_path / "data" / "postmaster.pid").write_text("\n".join([str(bystander.pid), *lines[1:]]))
            # PostgreSQL itself may refuse to start as long as a process with that id lives.
            with contextlib.suppress(PostgresFailed):
                server.start()
            assert bystander.poll() is None
            bystander.communicate(b"\n")


def test_a_port_in_use_is_reported_with_the_servers_own_message(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PostgresFailed, match="Address already in use"):
            embedded(tmp_path, port=other.getsockname()[1]).start()


def test_another_port_is_used_if_the_first_choice_is_taken_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other, socket.socket() as spare:
        other.bind(("127.0.0.1", 0))
        other.listen()
        spare.bind(("127.0.0.1", 0))
        taken, free = other.getsockname()[1], spare.getsockname()[1]
        spare.close()
        choices = iter([taken, free])
        monkeypatch.setattr("deploy.local.postgres.any_free_port", lambda: next(choices))
        with embedded(tmp_path) as server:
            assert server.port == free


def test_a_cancelled_start_leaves_no_process(tmp_path: Path) -> None:
    pids: list[int] = []

    def cancel(seconds: float) -> None:
        pids.append(server.child.process.pid)
        raise KeyboardInterrupt

    server = EmbeddedPostgres(tmp_path, durable=False, pause=cancel)
    with pytest.raises(KeyboardInterrupt):
        server.start()
    assert len(pids) == 1
    assert not is_running(pids[0])


def test_the_server_dies_with_its_killed_parent(tmp_path: Path) -> None:
    need(sys.platform == "linux", "only Linux ends a process with its parent")
    arguments = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        postmaster = os.pidfd_open(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    try:
        ended, _, _ = select.select([postmaster], [], [], WAIT_SECONDS)
        assert ended
    finally:
        os.close(postmaster)


def test_programs_are_found_below_a_folder_that_only_its_owner_may_enter(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    path = private / "program"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    check = [*ServerUser.choose().command, "test", "-x", str(path)]
    assert subprocess.run(check, check=False).returncode == 0
