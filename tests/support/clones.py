"""A copy of the files that git would clone, as an operator has it."""

import shutil
import subprocess
from pathlib import Path

from tests.support.containers import ROOT


def copy_to(folder: Path) -> None:
    """Copy the files to this folder."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
