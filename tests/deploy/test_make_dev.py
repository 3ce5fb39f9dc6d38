"""`make dev` on a copy of the code: services follow changes, a broken file does not end it, Ctrl-C does."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.deploy.local_command import ROOT, LocalCommand, local_command
from tests.support.waiting import wait_until


@pytest.fixture
def development(tmp_path: Path) -> Iterator[LocalCommand]:
    """A running `make dev` on a copy of the code."""
    for name in ("deploy", "identity_service", "posts_service", "shared"):
        shutil.copytree(ROOT / name, tmp_path / "code" / name, ignore=shutil.ignore_patterns("__pycache__"))
    with local_command("dev", tmp_path / "home", tmp_path / "code") as command:
        yield command


def edit(folder: Path, old: str, new: str) -> None:
    """Replace a text in the one file below this folder that has it."""
    [path] = [path for path in folder.rglob("*.py") if old in path.read_text()]
    path.write_text(path.read_text().replace(old, new))


def answer(command: LocalCommand, service: str, path: str) -> Any:
    """The JSON of an answer, or None while the service restarts."""
    try:
        return httpx.get(command.url(service) + path, timeout=30).json()
    except httpx.TransportError:
        return None


def title(command: LocalCommand, service: str) -> str | None:
    document = answer(command, service, "/openapi.json")
    return None if document is None else document["info"]["title"]


def test_services_reload_survive_a_broken_file_and_end_at_ctrl_c(development: LocalCommand) -> None:
    wait_until(lambda: title(development, "posts") == "Watchword posts", lambda: development.log("posts"))

    edit(development.code / "posts_service", '"Watchword posts"', '"Edited posts"')
    wait_until(lambda: title(development, "posts") == "Edited posts", lambda: development.log("posts"))
    wait_until(lambda: title(development, "identity") == "Watchword identity", lambda: development.log("identity"))

    identity = development.code / "identity_service"
    edit(identity, 'title="Watchword identity"', 'title="Watchword" identity')
    wait_until(lambda: "SyntaxError" in development.log("identity"), lambda: development.log("identity"))
    assert development.process.poll() is None
    edit(identity, 'title="Watchword" identity', 'title="Edited identity"')
    wait_until(lambda: title(development, "identity") == "Edited identity", lambda: development.log("identity"))

    edit(development.code / "shared/watchword/service", '{"status":"alive"}', '{"status":"edited"}')
    edited = {"status": "edited"}
    wait_until(lambda: answer(development, "identity", "/livez") == edited, lambda: development.log("identity"))
    wait_until(lambda: answer(development, "posts", "/livez") == edited, lambda: development.log("posts"))

    assert "Press Ctrl-C again to stop at once." in development.interrupt()
