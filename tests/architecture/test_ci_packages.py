"""Under CI=true a test fails if a program is missing, so CI installs what the tests ask for."""

import re
from itertools import chain

from tests.architecture.code import ROOT

_HINT = re.compile(r"on Debian: apt install ([a-z0-9][a-z0-9 -]*)")


def test_ci_installs_every_package_that_a_test_asks_for() -> None:
    sources = (path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    packages = {*chain.from_iterable(hint.split() for source in sources for hint in _HINT.findall(source))}
    assert packages >= {"chromium", "wrk"}
    words = {*re.findall(r"[\w-]+", (ROOT / ".ci/run").read_text())}
    assert sorted(packages - words) == []
