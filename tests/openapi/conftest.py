"""A running stack, and the tools that read OpenAPI documents. Without a package registry, tests of the tools are
skipped; with CI=true that is an error."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from tests.support import tools
from tests.support.stack import Stack, stack

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
    return tools.python_tools(".openapi")


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The folder of openapi-typescript, the compiler and what a client needs."""
    return tools.node_modules(".openapi", "typescript")


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
