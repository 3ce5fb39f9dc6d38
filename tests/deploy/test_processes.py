"""Child processes: ended for certain, and heard when they fail."""

import signal
import sys
from pathlib import Path

import pytest

from deploy.local import processes
from deploy.local.processes import Child, end_children, rotate, start_child
from tests.support.waiting import wait_until

OBEDIENT = "print('up', flush=True); import signal; signal.pause()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {OBEDIENT}"


def python(code: str, log: Path, text_in: str | None = None) -> Child:
    return start_child("child", [sys.executable, "-c", code], log, text_in=text_in)


def await_first_words(child: Child) -> None:
    wait_until(lambda: "up" in child.last_words(), lambda: "the child says nothing")


def test_a_child_is_asked_to_end_before_it_is_made_to(tmp_path: Path) -> None:
    child = python(OBEDIENT, tmp_path / "log")
    await_first_words(child)
    end_children([child])
    assert child.process.returncode == -signal.SIGTERM


def test_a_stubborn_child_is_killed_when_patience_ends(tmp_path: Path) -> None:
    child = python(STUBBORN, tmp_path / "log")
    await_first_words(child)
    end_children([child], patience=0.1)
    assert child.process.returncode == -signal.SIGKILL


def test_haste_shortens_the_patience(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_HURRIED_PATIENCE", 0.1)
    child = python(STUBBORN, tmp_path / "log")
    await_first_words(child)
    end_children([child], patience=3600, hurried=lambda: True)
    assert child.process.returncode == -signal.SIGKILL


def test_a_failure_is_told_with_the_last_words_of_this_start(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("of an earlier start\n")
    child = python("raise SystemExit('out of ' + input())", log, text_in="ink\n")
    child.process.wait(timeout=30)
    assert "child ended with exit code 1" in child.failure()
    assert "out of ink" in child.failure()
    assert "earlier" not in child.failure()


def test_only_a_large_log_is_moved_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_ROTATED_ABOVE", 10)
    log = tmp_path / "log"
    rotate(log)
    log.write_text("small")
    rotate(log)
    assert log.read_text() == "small"
    log.write_text("large enough")
    rotate(log)
    assert not log.exists()
    assert (tmp_path / "log.1").read_text() == "large enough"
