"""`make run` started twice, interrupted and killed: no process is left, and no data is lost."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.local.processes import any_free_port, is_port_free
from tests.support.ports import held_port
from tests.support.services import PASSWORD
from tests.support.waiting import wait_until

PATIENCE_SECONDS = 90


class Run:
    """A process of `make run` with its own data folder and ports."""

    def __init__(self, home: Path, identity_port: int, posts_port: int) -> None:
        self.home = home
        self.ports = (identity_port, posts_port)
        self.identity, self.posts = f"http://localhost:{identity_port}", f"http://localhost:{posts_port}"
        options = ["--home", str(home), "--identity-port", str(identity_port), "--posts-port", str(posts_port)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "run", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def await_welcome(self) -> str:
        """The output up to the line that says how to stop."""
        assert self.process.stdout is not None
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C ends everything"):
                return "".join(lines)
        raise AssertionError("".join(lines))

    def end_by(self, number: signal.Signals) -> None:
        """Send the signal and check that all descendants of the process end with it."""
        descendants = psutil.Process(self.process.pid).children(recursive=True)
        assert len(descendants) >= 3
        self.process.send_signal(number)
        self.process.communicate(timeout=PATIENCE_SECONDS)
        _, left = psutil.wait_procs(descendants, timeout=PATIENCE_SECONDS)
        assert left == []
        assert all(is_port_free(port) for port in self.ports)

    def sign_in(self, username: str = "ada", password: str = PASSWORD) -> int:
        form = {"grant_type": "password", "username": username, "password": password}
        return httpx.post(f"{self.identity}/oauth/token", data=form, timeout=20).status_code


@contextmanager
def run(home: Path, ports: tuple[int, int]) -> Iterator[Run]:
    started = Run(home, *ports)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.communicate()
        # What it had started ends by itself a moment later.
        wait_until(lambda: all(map(is_port_free, started.ports)))


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    with held_port() as identity, held_port() as posts:
        yield identity, posts


def test_the_next_run_finds_everything_again_and_no_process_is_left(tmp_path: Path, ports: tuple[int, int]) -> None:
    with run(tmp_path, ports) as first:
        welcome = first.await_welcome()
        assert first.identity in welcome
        assert first.posts in welcome
        commands = "\n".join(line for line in welcome.splitlines() if line.lstrip().startswith("curl "))
        printed = subprocess.run(["bash"], input=commands, capture_output=True, text=True, timeout=60, check=True)
        assert '"access_token"' in printed.stdout
        first.end_by(signal.SIGKILL)
    for number in (signal.SIGINT, signal.SIGTERM):
        with run(tmp_path, ports) as following:
            following.await_welcome()
            assert following.sign_in() == 200
            following.end_by(number)


def test_a_first_run_killed_half_way_is_completed_by_the_next(tmp_path: Path, ports: tuple[int, int]) -> None:
    for half_way in ("lock", "secrets.json", "postgres/data", "identity.log", "run.json"):
        with run(tmp_path, ports) as broken:
            wait_until((tmp_path / half_way).exists)
            broken.process.kill()
    with run(tmp_path, ports) as whole:
        whole.await_welcome()
        assert httpx.get(f"{whole.posts}/readyz", timeout=20).status_code == 200


def test_a_second_run_at_once_names_the_process_of_the_first(tmp_path: Path, ports: tuple[int, int]) -> None:
    with run(tmp_path, ports) as first:
        first.await_welcome()
        with run(tmp_path, (any_free_port(), any_free_port())) as second:
            output, _ = second.process.communicate(timeout=PATIENCE_SECONDS)
        assert second.process.returncode == 1
        assert str(first.process.pid) in output
        assert first.sign_in() == 400


def test_demo_adds_its_accounts_and_posts_once(tmp_path: Path, ports: tuple[int, int]) -> None:
    with run(tmp_path, ports) as running:
        running.await_welcome()
        for _ in range(2):
            command = [sys.executable, "-m", "deploy.local", "demo", "--home", str(tmp_path), "--posts", "300"]
            outcome = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
            assert outcome.returncode == 0, outcome.stderr
            assert "200/200 posts" in outcome.stderr
            assert "300/300 posts" in outcome.stderr
        assert count_published(running.posts) == 490
        password = json.loads((tmp_path / "secrets.json").read_text())["demo_password"]
        assert running.sign_in("reader0001", password) == 200


def count_published(posts: str) -> int:
    count, url = 0, f"{posts}/posts?limit=100"
    for _ in range(10):
        page = httpx.get(url, timeout=20).json()
        count += len(page["items"])
        if page["next"] is None:
            return count
        url = f"{posts}/posts?limit=100&cursor={page['next']}"
    raise AssertionError("more pages than posts")
