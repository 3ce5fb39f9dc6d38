"""The built wheel, clean environments to install it in, and identity running; a package index is needed."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.databases import migrated
from tests.support.needed import need
from tests.support.stack import Stack
from tests.system.conftest import SETTINGS, http, person
from tests.wheel.environments import ROOT, Environment, uv

__all__ = ["http", "person"]

NewEnvironment = Callable[..., Environment]


@pytest.fixture(scope="session")
def outside() -> Iterator[Path]:
    """A folder that is not inside the repository."""
    with tempfile.TemporaryDirectory(prefix="watchword-wheel-") as folder:
        assert ROOT not in Path(folder).resolve().parents
        yield Path(folder)


@pytest.fixture(scope="session")
def dist(outside: Path) -> Path:
    """What `make wheel` writes."""
    command = ["make", "--no-print-directory", "wheel", f"DIST={outside / 'dist'}"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert process.returncode == 0, process.stderr
    return outside / "dist"


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    (path,) = dist.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def index(outside: Path) -> None:
    """A package index answers: the clean environments are installed from it."""
    target = outside / "index"
    process = uv("pip", "install", "--dry-run", "--target", str(target), "hatchling")
    need(process.returncode == 0, "no package index can be reached from this machine")


@pytest.fixture(scope="session")
def environment_with(wheel: Path, index: None, outside: Path) -> NewEnvironment:
    """Makes a clean environment with the wheel and the extras that are named, for example `events`."""

    def build(*extras: str) -> Environment:
        environment = Environment(Path(tempfile.mkdtemp(dir=outside)))
        environment.install(f"watchword[{','.join(extras)}] @ {wheel.as_uri()}")
        return environment

    return build


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """identity as a process of its own, over a real PostgreSQL. posts is not needed here."""
    home = tmp_path_factory.mktemp("stack")
    with migrated(home / "postgres") as databases:
        services = Stack(home, databases, **SETTINGS)
        try:
            services.command("identity", "setup")
            services.start("identity")
            yield services
        finally:
            services.end()
