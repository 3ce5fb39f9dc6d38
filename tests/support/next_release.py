"""The release after this one: a copy of the code with further revisions that a test writes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = (ROOT / "identity_service", ROOT / "posts_service", ROOT / "shared" / "watchword")

_REVISION = '''"""Written by a test."""

import time
from pathlib import Path

import sqlalchemy as sa
from alembic import op

from watchword.database.migrations import create_index_concurrently

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    {upgrade}
'''


def pause(reached: Path, go: Path) -> tuple[str, ...]:
    """Lines for a revision that creates the file `reached` and waits, at most a minute, until `go` exists."""
    return (
        f"Path({str(reached)!r}).touch()",
        "for _ in range(3_000):",
        f"    if Path({str(go)!r}).exists():",
        "        break",
        "    time.sleep(0.02)",
    )


class NextRelease:
    """A copy of the code in `folder`, apart from the code that the tests run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for package in PACKAGES:
            shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))

    def head(self, service: str) -> str:
        return max(path.name[:4] for path in self._versions(service).glob("[0-9]*.py"))

    def add(self, service: str, *upgrade: str) -> str:
        """Add a revision whose `upgrade` consists of these lines, and return its number."""
        before = self.head(service)
        revision = f"{int(before) + 1:04}"
        text = _REVISION.format(revision=revision, before=before, upgrade="\n    ".join(upgrade))
        (self._versions(service) / f"{revision}_next.py").write_text(text)
        return revision

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """`base`, extended so that Python imports the code of this release."""
        return {**base, "PYTHONPATH": str(self.folder), "PYTHONSAFEPATH": "1"}

    @contextmanager
    def migrating(self, service: str, url: str) -> Iterator["subprocess.Popen[str]"]:
        """Run `migrate` in a process of its own, as the owner at `url`. The block ends when the process has ended."""
        environment = self.environment(os.environ) | {f"{service.upper()}_MIGRATION_DATABASE_URL": url}
        command = [sys.executable, "-m", f"{service}_service", "migrate"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as job:
            try:
                yield job
            except BaseException:
                job.kill()
                raise

    def migrate(self, service: str, url: str) -> str:
        """Run `migrate`, which must succeed, and return what it wrote to stderr."""
        with self.migrating(service, url) as job:
            output = job.communicate(timeout=120)[1]
        assert job.returncode == 0, output
        return output

    def _versions(self, service: str) -> Path:
        return self.folder / f"{service}_service" / "migrations" / "versions"
