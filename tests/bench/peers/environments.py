"""The environments of what is measured, made when a measurement first needs one."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / ".bench"
INSTALLING_SECONDS = 550


def python() -> Path | None:
    """The interpreter of the Python peers; None, and a line that says why, if it cannot be made."""
    return FOLDER / "venv" / "bin" / "python" if _install("python", "the peers in Python") else None


def services() -> Path | None:
    """The interpreter of the services as `make run` installs them; None, and a line that says why, if it cannot be
    made."""
    return FOLDER / "local" / "bin" / "python" if _install("services", "the services") else None


def oidc_provider() -> Path | None:
    """The folder of `oidc-provider`; None, and a line that says why, without Node."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        print("Left out: oidc-provider, because there is no Node here; on Debian: apt install nodejs npm", flush=True)
        return None
    return FOLDER / "oidc_provider" if _install("node", "oidc-provider") else None


def _install(name: str, what: str) -> bool:
    """Make one of the environments, unless it is there. Whether it could be made; if not, a line says why."""
    FOLDER.mkdir(exist_ok=True)
    making = ["make", "--silent", f".bench/{name}"]
    ended = subprocess.run(making, cwd=ROOT, capture_output=True, text=True, timeout=INSTALLING_SECONDS, check=False)
    if ended.returncode:
        # What make adds says only that a command has failed.
        errors = [line for line in ended.stderr.splitlines() if line.strip() and not line.startswith("make")]
        print(f"Left out: {what}, which cannot be installed: {' '.join(errors[-1:])}", flush=True)
    return ended.returncode == 0
