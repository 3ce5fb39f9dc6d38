"""Describe what a measurement ran on: the machine, and the versions of what was measured."""

import json
import os
import platform
import re
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from deploy.local.postgres_programs import program
from tests.bench.effort import Effort
from tests.bench.peers.environments import FOLDER, ROOT
from tests.bench.servers import full_path

PACKAGES = ("fastapi", "starlette", "uvicorn", "uvloop", "sqlalchemy", "asyncpg", "cryptography", "bcrypt")
PEER_PACKAGES = ("fastapi-users", "fastapi", "sqlalchemy", "psycopg2-binary", "pyjwt")


def extent_of(effort: Effort) -> str:
    """How much is measured with this effort, as `description` says it."""
    return f"medians of {effort.rounds} rounds of up to {effort.seconds} s where there are rounds"


def description(extent: str) -> str:
    """One paragraph, without the names of machines and people. `extent` says how much was measured."""
    today = datetime.now(UTC).date().isoformat()
    packages = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    system = ", ".join([platform.system(), f"Python {platform.python_version()}", _postgres(), *_wrk()])
    peers = ", ".join([*_peers(), *_provider()]) or "none"
    cores = f"{os.cpu_count()} cores ({cpu_model()})"
    return f"Measured on {today}: {extent}; {cores}, {system}; {packages}. Installed peers: {peers}."


def cpu_model(path: Path = Path("/proc/cpuinfo")) -> str:
    """The model that the kernel names, or the architecture."""
    text = path.read_text() if path.exists() else ""
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return model[1].strip() if model else platform.machine()


def pinned(requirements: str, packages: tuple[str, ...] = PEER_PACKAGES) -> list[str]:
    """The versions of these packages in a file of pinned requirements."""
    versions = dict(re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([\w.]+)", requirements, re.MULTILINE))
    return [f"{package} {versions[package]}" for package in packages]


def _peers() -> list[str]:
    """The versions of the peers in Python, if they are installed."""
    if not (FOLDER / "python").exists():
        return []
    return pinned((ROOT / "requirements" / "bench.txt").read_text())


def _provider() -> list[str]:
    """The versions of `oidc-provider` and of Node, if they are installed."""
    if not (FOLDER / "node").exists():
        return []
    package = json.loads((ROOT / "tests/bench/peers/oidc_provider/package.json").read_text())
    packages = [f"{name} {number}" for name, number in package["dependencies"].items()]
    return [*packages, f"Node {_output(full_path('node'), '--version').removeprefix('v')}"]


def _postgres() -> str:
    return re.sub(r"^.*\(PostgreSQL\) (\S+).*$", r"PostgreSQL \1", _output(program("postgres"), "--version"))


def _wrk() -> list[str]:
    """The version of wrk, if it is installed."""
    # It has no option for its version, and ends with 1 after having printed it.
    return [" ".join(_output(full_path("wrk"), "--version").split()[:2])] if shutil.which("wrk") else []


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
