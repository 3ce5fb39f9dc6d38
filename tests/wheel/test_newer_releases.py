"""A release that any dependency publishes after the lock was written does not change or break the installation."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.wheel.environments import ROOT, succeed

LOCK = ROOT / "requirements" / "development.txt"


def publish(folder: Path, name: str) -> None:
    """A wheel of a version that is newer than every other one."""
    distribution = re.sub(r"[-_.]+", "_", name).lower()
    information = f"{distribution}-999.0.dist-info"
    with zipfile.ZipFile(folder / f"{distribution}-999.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 999.0\n")
        wheel.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{information}/RECORD", "")


def install_command(environment: Path) -> str:
    """The command with which the Makefile installs the lock into the environment at this path."""
    make = ["make", "--dry-run", f"VENV={environment}", str(environment / "development")]
    plan = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, check=True)
    (command,) = [line for line in plan.stdout.splitlines() if f"--requirement requirements/{LOCK.name}" in line]
    return command


def test_the_lock_can_be_installed_when_every_package_has_a_newer_release(outside: Path, index: None) -> None:
    releases, environment = outside / "releases", outside / "newer"
    releases.mkdir()
    for name in re.findall(r"^([\w.-]+)==", LOCK.read_text(), re.M):
        publish(releases, name)
    succeed(subprocess.run([sys.executable, "-m", "venv", environment], capture_output=True, text=True, check=False))
    links = f"{os.environ.get('PIP_FIND_LINKS', '')} {releases}".strip()
    variables = {**os.environ, "PIP_DRY_RUN": "1", "PIP_FIND_LINKS": links}

    process = subprocess.run(
        ["sh", "-c", install_command(environment)], cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )

    succeed(process)
