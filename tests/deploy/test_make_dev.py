"""`make dev` on a copy of the code: the services follow changes of it, survive a broken file, and end at Ctrl-C."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from deploy.local.processes import is_port_free
from tests.support.ports import held_port
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 90


class DevelopmentRun:
    """One `make dev` on a copy of the code, below `folder`."""

    def __init__(self, folder: Path, identity_port: int, posts_port: int) -> None:
        self.code = folder / "code"
        self.home = folder / "home"
        self.ports = {"identity": identity_port, "posts": posts_port}
        for name in ("deploy", "identity_service", "posts_service", "shared"):
            shutil.copytree(ROOT / name, self.code / name, ignore=shutil.ignore_patterns("__pycache__"))
        ports = [f"--identity-port={identity_port}", f"--posts-port={posts_port}"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "dev", f"--home={self.home}", *ports],
            cwd=self.code,
            env={**os.environ, "PYTHONPATH": str(self.code / "shared")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def await_welcome(self) -> None:
        assert self.process.stdout is not None
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C ends everything"):
                return
        raise AssertionError("".join(lines))

    def edit(self, folder: str, old: str, new: str) -> None:
        """Replace a text in the one file below this folder that has it."""
        [path] = [path for path in (self.code / folder).rglob("*.py") if old in path.read_text()]
        path.write_text(path.read_text().replace(old, new))

    def answer(self, service: str, path: str) -> Any:
        """The JSON of an answer, or None while the service restarts."""
        try:
            return httpx.get(f"http://localhost:{self.ports[service]}{path}", timeout=2).json()
        except httpx.TransportError:
            return None

    def title(self, service: str) -> str | None:
        document = self.answer(service, "/openapi.json")
        return None if document is None else document["info"]["title"]

    def log(self, service: str) -> str:
        return (self.home / f"{service}.log").read_text()


@pytest.fixture
def development(tmp_path: Path) -> Iterator[DevelopmentRun]:
    with held_port() as identity_port, held_port() as posts_port:
        run = DevelopmentRun(tmp_path, identity_port, posts_port)
        try:
            run.await_welcome()
            yield run
        finally:
            run.process.kill()
            run.process.communicate()


def test_services_reload_survive_a_broken_file_and_end_at_ctrl_c(development: DevelopmentRun) -> None:
    assert development.title("posts") == "Watchword posts"

    development.edit("posts_service", '"Watchword posts"', '"Edited posts"')
    wait_until(lambda: development.title("posts") == "Edited posts", lambda: development.log("posts"))
    assert development.title("identity") == "Watchword identity"

    development.edit("identity_service", '"Watchword identity"', '"Watchword" identity')
    wait_until(lambda: "SyntaxError" in development.log("identity"), lambda: development.log("identity"))
    assert development.process.poll() is None
    development.edit("identity_service", '"Watchword" identity', '"Edited identity"')
    wait_until(lambda: development.title("identity") == "Edited identity", lambda: development.log("identity"))

    development.edit("shared/watchword/service", '{"status":"alive"}', '{"status":"edited"}')
    for service in development.ports:
        wait_until(lambda name=service: development.answer(name, "/livez") == {"status": "edited"})  # type: ignore[misc]

    ensure_ctrl_c_ends_everything(development)


def ensure_ctrl_c_ends_everything(development: DevelopmentRun) -> None:
    processes = psutil.Process(development.process.pid).children(recursive=True)
    assert len(processes) >= 5
    development.process.send_signal(signal.SIGINT)
    output, _ = development.process.communicate(timeout=STOP_SECONDS)
    assert "Press Ctrl-C again to stop at once." in output
    assert development.process.returncode == 0
    _, left = psutil.wait_procs(processes, timeout=STOP_SECONDS)
    assert left == []
    assert all(is_port_free(port) for port in development.ports.values())
