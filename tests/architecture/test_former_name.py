"""The former name of the product is found only where old data is carried over, and in the changelog."""

import subprocess
from fnmatch import fnmatch

from tests.architecture.code import ROOT
from tests.support.needed import need

FORMER_NAME = "post" + "ern"
ALLOWED = ("CHANGELOG.md", "deploy/local/*carry*", "tests/deploy/*carry*")


def git(*arguments: str) -> list[str]:
    """The lines that a git command prints; `git grep` ends with 1 if nothing matches."""
    outcome = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode in (0, 1), outcome.stderr
    return outcome.stdout.splitlines()


def test_the_former_name_is_gone() -> None:
    need((ROOT / ".git").exists(), "this folder is no git repository")
    paths = {*git("grep", "--ignore-case", "--files-with-matches", FORMER_NAME)}
    paths |= {path for path in git("ls-files") if FORMER_NAME in path.lower()}
    assert [path for path in sorted(paths) if not any(fnmatch(path, pattern) for pattern in ALLOWED)] == []
