"""Two checkouts beside each other: what is exported of a commit, and the table."""

import shutil
import subprocess
from pathlib import Path

from tests.bench.before import BEFORE, NOW, budgets_of, exported, table
from tests.bench.comparison import Figures
from tests.bench.load import Rate
from tests.support.needed import need


def figures(per_second: float) -> Figures:
    return Figures([Rate(per_second, 1.0, 2.0, 0, 1000)], cpu_seconds=[0.2], database_seconds=[0.1])


def test_a_commit_is_exported_as_it_was_committed(tmp_path: Path) -> None:
    need(shutil.which("git"), "git is needed")
    repository, file = tmp_path / "repository", tmp_path / "repository" / "file"
    subprocess.run(["git", "init", "--quiet", str(repository)], check=True)
    file.write_text("committed")
    git = ["git", "-c", "user.name=ada", "-c", "user.email=ada@example.com"]
    for command in (["add", "file"], ["commit", "--quiet", "--message", "A file"]):
        subprocess.run([*git, *command], cwd=repository, check=True)
    file.write_text("changed since")
    assert (exported(repository, "HEAD", tmp_path) / "file").read_text() == "committed"


def test_the_table_has_the_cpu_time_of_the_database_too() -> None:
    comparison = {NOW: figures(1100), BEFORE: figures(1000)}
    assert table(comparison).splitlines()[2:] == [
        f"| {NOW} | 1,100 | 1.100 | 200.0 | 100.0 | 1.000 | 0 of 1,000 |",
        f"| {BEFORE} | 1,000 | 1.000 | 200.0 | 100.0 | 1.000 | 0 of 1,000 |",
    ]


def test_a_slower_checkout_misses_its_budget() -> None:
    slower = {NOW: figures(960), BEFORE: figures(1000)}
    assert [budget.holds for budget in budgets_of("One post", slower)] == [False, True]
