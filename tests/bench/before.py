"""Compare a guarded read and a list with those of an older commit of this repository, in the same rounds.

The commit is that of the environment variable BEFORE, or HEAD: what is not committed yet is then compared with it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench.comparison import Comparison, Variant, compare, number, ratio
from tests.bench.effort import Effort
from tests.bench.section import Budget, Section
from tests.bench.servers import Server

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("checkout_server.py")
NOW, BEFORE = "this checkout", "before"
LEAST = 0.97


def measure(home: Path, effort: Effort) -> Section:
    commit = os.environ.get("BEFORE", "HEAD")
    with ExitStack() as running:
        older = exported(ROOT, commit, home)
        now = running.enter_context(_variants(NOW, ROOT, home / "now"))
        before = running.enter_context(_variants(BEFORE, older, home / "before"))
        comparisons = {title: compare([now[title], before[title]], effort) for title in now}
    texts = [f"{title}\n\n{table(comparison)}" for title, comparison in comparisons.items()]
    budgets = [budget for title, comparison in comparisons.items() for budget in budgets_of(title, comparison)]
    return Section(f"Before is the commit {commit}.\n\n" + "\n\n".join(texts), budgets)


def exported(repository: Path, commit: str, home: Path) -> Path:
    """The files of a commit, in a folder of their own."""
    folder = home / "checkout"
    folder.mkdir()
    archive = subprocess.run(["git", "archive", commit], cwd=repository, stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["tar", "-x"], cwd=folder, input=archive, check=True)
    return folder


@contextmanager
def _variants(name: str, checkout: Path, home: Path) -> Iterator[dict[str, Variant]]:
    """The requests to the posts service of a checkout, by the titles of their tables; it runs with a database of its
    own."""
    home.mkdir()
    path = os.pathsep.join([str(checkout), str(checkout / "shared")])
    # Without the folder of the program, whose modules would be found before others of the same names.
    command = [sys.executable, "-P", str(PROGRAM), str(home)]
    with subprocess.Popen(
        command,
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        # It says what it runs in its last line before it waits, and ends when its input does.
        line = process.stdout.readline()
        assert line, f"the posts service of {checkout} has not started"
        said = json.loads(line)
        posts, database = Server(name, said["url"], said["posts"]), Server("PostgreSQL", "", said["postgres"])
        paths = {"One post": said["path"], "Twenty posts": "/posts"}
        yield {title: Variant(name, posts, path, said["headers"], database=database) for title, path in paths.items()}


def table(comparison: Comparison) -> str:
    lines = [
        "| Variant | req/s | of before | CPU µs per answer: posts | PostgreSQL | both, of before | failed of |",
        "|---|---|---|---|---|---|---|",
    ]
    both = {name: it.cpu_microseconds + it.database_microseconds for name, it in comparison.items()}
    for name, figures in comparison.items():
        lines.append(
            f"| {name} | {figures.per_second:,.0f} | {number(ratio(comparison, name, BEFORE), '.3f')}"
            f" | {number(figures.cpu_microseconds, ',.1f')} | {number(figures.database_microseconds, ',.1f')}"
            f" | {number(both[name] / both[BEFORE], '.3f')} | {figures.failed:,} of {figures.answered:,} |"
        )
    return "\n".join(lines)


def budgets_of(title: str, comparison: Comparison) -> Sequence[Budget]:
    failed = sum(figures.failed for figures in comparison.values())
    return (
        Budget(f"{title}, of before", ratio(comparison, NOW, BEFORE), least=LEAST),
        Budget(f"{title}, failed", failed, most=0),
    )
