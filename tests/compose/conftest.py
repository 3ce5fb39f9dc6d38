"""The stack as `make up` brings it up, with replicas. Without Docker: skipped, or an error under CI=true."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from pytest_docker.plugin import Services

from deploy.compose.secret_files import ensure_secrets
from tests.support.containers import ROOT, Containers
from tests.support.services import unique
from tests.support.stack import Person
from tests.system.conftest import NewPerson

PROJECT = "postern-test"
FILES = (ROOT / "docker-compose.yml", ROOT / "tests/compose/settings.yml")


@pytest.fixture(scope="session")
def docker() -> None:
    """Docker answers, and nobody has the two ports."""
    command = ["docker", "compose", "version"]
    found = shutil.which("docker") and subprocess.run(command, capture_output=True, check=False).returncode == 0
    if not found and os.environ.get("CI") != "true":
        pytest.skip("no Docker with compose on this machine")
    assert found, "CI runs the tests of the containers; install Docker with compose"
    for port in (8001, 8002):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0, f"something listens on :{port}; end it first"


@pytest.fixture(scope="session")
def secrets_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as found:
        folder = Path(found) / "secrets"
        ensure_secrets(folder, PROJECT, ())
        yield folder


@pytest.fixture(scope="session")
def environment(secrets_folder: Path) -> dict[str, str]:
    return {
        "SECRETS_FOLDER": str(secrets_folder),
        "COMPOSE_PROJECT_NAME": PROJECT,
        "COMPOSE_FILE": ":".join(map(str, FILES)),
        "POSTERN_IMAGE": "postern:test",
    }


@pytest.fixture(scope="session")
def docker_compose_command(docker: None, environment: dict[str, str]) -> str:
    return " ".join(f"{name}='{value}'" for name, value in environment.items()) + " docker compose"


@pytest.fixture(scope="session")
def docker_compose_file() -> list[str]:
    return [str(file) for file in FILES]


@pytest.fixture(scope="session")
def docker_compose_project_name() -> str:
    return PROJECT


@pytest.fixture(scope="session")
def docker_setup() -> list[str]:
    return [
        "down --volumes --remove-orphans",
        "up --build --detach --wait --quiet-pull --scale identity=2 --scale posts=3",
    ]


@pytest.fixture(scope="session")
def docker_cleanup() -> list[str]:
    return ["down --volumes --remove-orphans"]


@pytest.fixture(scope="session")
def running(docker_services: Services, environment: dict[str, str]) -> Containers:
    """Two replicas of identity and three of posts behind Caddy."""
    return Containers(environment)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(timeout=20, limits=limits, trust_env=False) as client:
        yield client


@pytest.fixture
def person(running: Containers, http: httpx.AsyncClient) -> NewPerson:
    """Registers and signs in somebody new."""

    async def make(word: str = "ada") -> Person:
        return await Person(http, running, unique(word)).register()

    return make
