"""The stack of `make up`, with replicas. Without Docker the tests are skipped, or fail if CI=true."""

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_docker.plugin import Services

from deploy.compose.secret_files import ensure_secrets
from tests.support.containers import ROOT, Containers
from tests.support.needed import need
from tests.system.conftest import http, person

__all__ = ["http", "person"]

PROJECT = "watchword-test"
FILES = (ROOT / "docker-compose.yml", ROOT / "tests/compose/settings.yml")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with a stack of their own come before those that share one: all use the same two ports, and the shared one
    stays until the end."""
    places = [place for place, item in enumerate(items) if item.path.parent == Path(__file__).parent]
    in_order = sorted((items[place] for place in places), key=_shares_the_stack)
    for place, item in zip(places, in_order, strict=True):
        items[place] = item


def _shares_the_stack(item: pytest.Item) -> bool:
    return "running" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def docker() -> None:
    """Check that Docker works and that both ports are free."""
    command = ["docker", "compose", "version"]
    works = shutil.which("docker") and subprocess.run(command, capture_output=True, check=False).returncode == 0
    need(works, "no Docker with compose on this machine")
    for port in (8001, 8002):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0, f"something listens on :{port}; stop it first"


@pytest.fixture(scope="session")
def secrets_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "secrets"
        ensure_secrets(folder, PROJECT, ())
        yield folder


@pytest.fixture(scope="session")
def environment(secrets_folder: Path) -> dict[str, str]:
    return {
        "SECRETS_FOLDER": str(secrets_folder),
        "COMPOSE_PROJECT_NAME": PROJECT,
        "COMPOSE_FILE": ":".join(map(str, FILES)),
        "WATCHWORD_IMAGE": "watchword:test",
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
