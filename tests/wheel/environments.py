"""Virtual environments outside the repository, with nothing in them but what a test installs."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 900

# Nothing of the surrounding environment may lend a clean one its packages.
_LEFT_OUT = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


class Environment:
    """One virtual environment, and a folder beside it in which its programs run."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "work"
        self.folder.mkdir()
        self.python = home / "venv" / "bin" / "python"
        succeed(uv("venv", "--python", sys.executable, str(home / "venv")))

    def install(self, *arguments: str) -> None:
        succeed(uv("pip", "install", "--python", str(self.python), *arguments))

    def packages(self) -> dict[str, str]:
        """The version of every distribution that is installed, by its normalised name."""
        listing = succeed(uv("pip", "freeze", "--python", str(self.python)))
        matches = (re.match(r"([\w.-]+)(?:==| @ )(.+)", line) for line in listing.splitlines())
        return {match[1].lower().replace("_", "-"): match[2] for match in matches if match}

    def write(self, name: str, source: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)

    def run(self, *arguments: str, folder: Path | None = None, variables: Mapping[str, str] | None = None) -> str:
        """The output of Python with these arguments, in `folder` or else the environment's own. It must succeed."""
        inherited = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
        environment = {**inherited, **(variables or {})}
        return succeed(_finished([str(self.python), *arguments], folder or self.folder, environment))

    def check_types(self, *files: str) -> str:
        """The report of `mypy --strict` on these files, with the packages of this environment."""
        options = ["--strict", "--config-file", os.devnull, "--cache-dir", str(self.folder / ".mypy_cache")]
        command = [sys.executable, "-m", "mypy", *options, "--python-executable", str(self.python), *files]
        return _finished(command, self.folder, dict(os.environ)).stdout


def uv(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("uv")
    return _finished([str(program), "--quiet", *arguments], ROOT, dict(os.environ))


def _finished(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def succeed(process: subprocess.CompletedProcess[str]) -> str:
    """The output of a process, which must have ended without an error."""
    assert process.returncode == 0, f"{' '.join(process.args)}\n{process.stdout[-8_000:]}{process.stderr[-4_000:]}"
    return process.stdout
