"""A running stack, and the tools that read OpenAPI documents. Without a package registry, tests of the tools are
skipped; with CI=true that is an error."""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from tests.support.needed import need
from tests.support.stack import Stack, stack

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".openapi"
INSTALLING_SECONDS = 550
# One person signs in for each of hundreds of requests.
SETTINGS = {
    "IDENTITY_BCRYPT_ROUNDS": "4",
    "IDENTITY_LONG_POLL_SECONDS": "0",
    "IDENTITY_SESSIONS_PER_ACCOUNT": "10000",
}
SERVICES = ("identity", "posts")


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("openapi"), **SETTINGS) as running:
        yield running


@pytest.fixture(scope="session")
def python_tools() -> Path:
    """The folder of Schemathesis and openapi-python-client."""
    _install("python")
    return TOOLS / "venv" / "bin"


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The folder of openapi-typescript, the compiler and what a client needs."""
    need(shutil.which("npm"), "no npm on this machine; on Debian: apt install nodejs npm")
    _install("node")
    return TOOLS / "typescript" / "node_modules"


@pytest.fixture
def documents(running: Stack, tmp_path: Path) -> dict[str, Path]:
    """The document of each service, in a file."""
    files = {}
    for name in SERVICES:
        files[name] = tmp_path / f"{name}.json"
        url = f"{running.identity if name == 'identity' else running.posts}/openapi.json"
        files[name].write_text(json.dumps(httpx.get(url, trust_env=False, timeout=60).json()))
    return files


def run(command: Sequence[str | Path], folder: Path, *, seconds: float = 300, **environment: str) -> str:
    """The output of a command that must succeed."""
    ended = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def _install(name: str) -> None:
    """Install one set of tools, unless it is there already. One process does it while the others wait."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        making = ["make", "--silent", f".openapi/{name}"]
        ended = subprocess.run(
            making, cwd=ROOT, capture_output=True, text=True, timeout=INSTALLING_SECONDS, check=False
        )
    need(ended.returncode == 0, f"the tools cannot be installed: {ended.stderr.strip()[-300:]}")
