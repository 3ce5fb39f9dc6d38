"""What the Makefile does with a virtual environment that is not of its folder."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the Makefile, and with an environment as `make run` leaves it."""
    folder = tmp_path / "a folder"
    (folder / ".venv").mkdir(parents=True)
    (folder / ".venv" / "folder").write_text(f"{folder.resolve()}\n")
    shutil.copy(ROOT / "Makefile", folder)
    return folder


def make_help(folder: Path) -> str:
    process = subprocess.run(["make", "help"], cwd=folder, capture_output=True, text=True, check=True)
    assert process.stderr == ""
    return process.stdout


def test_an_environment_in_its_folder_stays(checkout: Path) -> None:
    assert "moved" not in make_help(checkout)
    assert (checkout / ".venv").exists()


def test_an_environment_that_was_moved_with_its_folder_is_made_again(checkout: Path) -> None:
    moved = checkout.rename(checkout.with_name("elsewhere"))
    assert "moved or copied" in make_help(moved)
    assert not (moved / ".venv").exists()


def test_an_environment_from_before_its_folder_was_written_down_stays(checkout: Path) -> None:
    (checkout / ".venv" / "folder").unlink()
    assert "moved" not in make_help(checkout)
    assert (checkout / ".venv").exists()
