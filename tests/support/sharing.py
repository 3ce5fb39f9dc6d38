"""Distribute the tests over several processes. `make test` has two, each with a PostgreSQL of its own."""

from typing import Final

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

FIRST: Final = (
    "tests/system/",
    "tests/browser/",
    "tests/wheel/test_lower_bounds.py",
    "tests/wheel/test_newer_releases.py",
)
LAST: Final = "tests/compose/"
TOGETHER: Final = (LAST, "tests/openid/")


class ByFile(LoadFileScheduling):  # type: ignore[misc] # xdist has no types
    """Run all tests of a file in one process, because they share fixtures that are slow to build. All tests of the
    containers run in one process, because there is one stack, under one name and on two ports; and all of other
    people's clients, because one process of identity is enough for them."""

    def __init__(self, config: pytest.Config, log: object) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        together = next((folder for folder in TOGETHER if nodeid.startswith(folder)), None)
        return together or str(super()._split_scope(nodeid))


def put_in_order(items: list[pytest.Item]) -> None:
    """Sort the longest tests to the front, so that no process is left alone with them, and those of the containers to
    the end: they use every processor, and other tests would time out beside them. A process is given its next file
    while it runs its last one: behind the longest of the wheel's stands the shortest."""
    items.sort(key=lambda item: (item.nodeid.startswith(LAST), not item.nodeid.startswith(FIRST)))
