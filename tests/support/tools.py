"""Tools that the Makefile installs apart from everything else, at their first use. Without a package registry their
tests are skipped; with CI=true that is an error."""

import fcntl
import shutil
import subprocess
from pathlib import Path

from tests.support.needed import need

ROOT = Path(__file__).parents[2]
INSTALLING_SECONDS = 550


def python_tools(folder: str) -> Path:
    """The programs of the environment that `make <folder>/python` makes."""
    _make(f"{folder}/python")
    return ROOT / folder / "venv" / "bin"


def node_modules(folder: str, name: str = "") -> Path:
    """The packages that `make <folder>/node` installs, in its folder `name`."""
    need(shutil.which("npm"), "no npm on this machine; on Debian: apt install nodejs npm")
    _make(f"{folder}/node")
    return ROOT / folder / name / "node_modules"


def _make(target: str) -> None:
    """Make the target, unless it is there already. One process does it while the others wait."""
    folder = (ROOT / target).parent
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        making = ["make", "--silent", target]
        ended = subprocess.run(
            making, cwd=ROOT, capture_output=True, text=True, timeout=INSTALLING_SECONDS, check=False
        )
    need(ended.returncode == 0, f"{folder.name} cannot be installed: {ended.stderr.strip()[-300:]}")
