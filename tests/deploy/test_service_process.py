"""One process prepares a service and serves it: commands in turn, and none is left if one fails or it is ended."""

import os
import signal
import socket
from pathlib import Path

import psutil
import pytest

from deploy.local.processes import ChildProcess, any_free_port, end_children
from deploy.local.service_process import start_service
from tests.support.waiting import wait_until

CLI = """
import os, signal, sys, time

print("imported", flush=True)

def main(arguments):
    print(*arguments, "in", os.getpid(), flush=True)
    match arguments:
        case ["fail"]:
            sys.exit("no ink")
        case ["crash"]:
            os.kill(os.getpid(), signal.SIGKILL)
        case ["read"]:
            print("read", repr(sys.stdin.read()), flush=True)
        case ["finish"]:
            try:
                print("began", flush=True)
                signal.pause()
            finally:
                time.sleep(1)
                print("finished", flush=True)
        case ["wait"] | ["serve"]:
            signal.pause()
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment in which there is a service `sample`."""
    package = tmp_path / "sample_service"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "cli.py").write_text(CLI)
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


def lines(child: ChildProcess) -> list[str]:
    return child.log.read_text().splitlines()


def await_line(child: ChildProcess, beginning: str) -> None:
    wait_until(lambda: any(line.startswith(beginning) for line in lines(child)), child.log_tail)


def test_commands_run_in_turn_in_forks_of_the_process_that_serves(tmp_path: Path, environment: dict[str, str]) -> None:
    preparations = [("migrate",), ("read",)]
    child = start_service("sample", preparations, tmp_path / "log", environment)
    try:
        await_line(child, "serve")
        imported, migrate, read, nothing, serve = lines(child)
        assert (imported, nothing) == ("imported", "read ''")
        assert [line.split(" in ")[0] for line in (migrate, read, serve)] == ["migrate", "read", "serve"]
        assert len({line.split(" in ")[1] for line in (migrate, read, serve)}) == 3
        assert serve == f"serve in {child.process.pid}"
    finally:
        end_children([child])


@pytest.mark.parametrize(("command", "status"), [("fail", 1), ("crash", 256 - signal.SIGKILL)])
def test_a_command_that_fails_ends_it_before_anything_is_served(
    tmp_path: Path, environment: dict[str, str], command: str, status: int
) -> None:
    child = start_service("sample", [(command,), ("migrate",)], tmp_path / "log", environment)
    child.process.wait(timeout=30)
    assert child.process.returncode == status
    assert not any(line.startswith(("migrate", "serve")) for line in lines(child))
    assert command != "fail" or "no ink" in child.failure()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_command_that_runs_ends_with_it(tmp_path: Path, environment: dict[str, str], number: signal.Signals) -> None:
    child = start_service("sample", [("wait",)], tmp_path / "log", environment)
    await_line(child, "wait")
    (fork,) = psutil.Process(child.process.pid).children()
    end_children([child], [number])
    psutil.wait_procs([fork], timeout=30)
    assert not fork.is_running()
    assert not any(line.startswith("serve") for line in lines(child))


def test_a_command_that_is_ended_may_finish_what_it_does(tmp_path: Path, environment: dict[str, str]) -> None:
    child = start_service("sample", [("finish",)], tmp_path / "log", environment)
    await_line(child, "began")
    end_children([child])
    assert lines(child)[-1] == "finished"
    assert child.process.returncode == 128 + signal.SIGTERM


def test_it_serves_only_once_the_awaited_service_listens(tmp_path: Path, environment: dict[str, str]) -> None:
    port = any_free_port()
    child = start_service("sample", [("migrate",)], tmp_path / "log", environment, awaited_port=port)
    try:
        await_line(child, "migrate")
        with socket.create_server(("127.0.0.1", port)) as other:
            other.settimeout(30)
            other.accept()[0].close()
            await_line(child, "serve")
    finally:
        end_children([child])
