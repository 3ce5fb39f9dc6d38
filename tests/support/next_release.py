"""The release after this one: the same code, with later revisions that a test writes."""

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


class NextRelease:
    """A copy of the code in `folder`; nothing of it touches the code that the tests run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for package in PACKAGES:
            shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))

    def head(self, service: str) -> str:
        return max(path.name[:4] for path in self._versions(service).glob("[0-9]*.py"))

    def add(self, service: str, *upgrade: str) -> str:
        """One more revision, which consists of these lines; its number."""
        before = self.head(service)
        revision = f"{int(before) + 1:04}"
        text = _REVISION.format(revision=revision, before=before, upgrade="\n    ".join(upgrade))
        (self._versions(service) / f"{revision}_next.py").write_text(text)
        return revision

    def environment(self, ours: Mapping[str, str]) -> dict[str, str]:
        """`ours`, and this release's code instead of this folder's."""
        return {**ours, "PYTHONPATH": str(self.folder), "PYTHONSAFEPATH": "1"}

    @contextmanager
    def migrating(self, service: str, url: str) -> Iterator["subprocess.Popen[str]"]:
        """`migrate` as a process of its own, with this database's owner; the block ends when it has ended."""
        environment = self.environment(os.environ) | {f"{service.upper()}_MIGRATION_DATABASE_URL": url}
        command = [sys.executable, "-m", f"{service}_service", "migrate"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as job:
            try:
                yield job
            except BaseException:
                job.kill()
                raise

    def migrate(self, service: str, url: str) -> str:
        """It must succeed; what it said."""
        with self.migrating(service, url) as job:
            said = job.communicate(timeout=120)[1]
        assert job.returncode == 0, said
        return said

    def _versions(self, service: str) -> Path:
        return self.folder / f"{service}_service" / "migrations" / "versions"
