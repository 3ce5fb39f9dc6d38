"""Child processes: they end in bounded time, and a failure comes with the end of the log."""

import os
import signal
import sys
from pathlib import Path

import pytest

from deploy.local import processes
from deploy.local.processes import ChildProcess, end_children, rotate, start_child
from tests.support.waiting import wait_until

OBEDIENT = "print('up', flush=True); import signal; signal.pause()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {OBEDIENT}"


def python(code: str, log: Path) -> ChildProcess:
    return start_child("child", [sys.executable, "-c", code], log)


def await_start(child: ChildProcess) -> None:
    wait_until(lambda: "up" in child.log_tail(), lambda: "the child prints nothing")


def test_a_child_gets_sigterm_before_sigkill(tmp_path: Path) -> None:
    child = python(OBEDIENT, tmp_path / "log")
    await_start(child)
    end_children([child])
    assert child.process.returncode == -signal.SIGTERM


def test_a_child_leads_a_group_of_its_own_in_the_session_of_its_parent(tmp_path: Path) -> None:
    child = python(OBEDIENT, tmp_path / "log")
    await_start(child)
    pid = child.process.pid
    assert (os.getpgid(pid), os.getsid(pid)) == (pid, os.getsid(0))
    end_children([child])


def test_a_child_that_ignores_sigterm_is_killed_after_the_timeout(tmp_path: Path) -> None:
    child = python(STUBBORN, tmp_path / "log")
    await_start(child)
    end_children([child], timeout_seconds=0.1)
    assert child.process.returncode == -signal.SIGKILL


def test_urgency_shortens_the_timeout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_URGENT_SECONDS", 0.1)
    child = python(STUBBORN, tmp_path / "log")
    await_start(child)
    end_children([child], timeout_seconds=3600, is_urgent=lambda: True)
    assert child.process.returncode == -signal.SIGKILL


def test_a_failure_comes_with_what_was_logged_since_this_start(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("of an earlier start\n")
    child = python("raise SystemExit('out of ink')", log)
    child.process.wait(timeout=30)
    assert "child ended with exit code 1" in child.failure()
    assert "out of ink" in child.failure()
    assert "earlier" not in child.failure()


def test_only_a_large_log_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_ROTATE_ABOVE_BYTES", 10)
    log = tmp_path / "log"
    rotate(log)
    log.write_text("small")
    rotate(log)
    assert log.read_text() == "small"
    log.write_text("large enough")
    rotate(log)
    assert not log.exists()
    assert (tmp_path / "log.1").read_text() == "large enough"
