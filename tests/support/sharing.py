"""How the tests are shared out where several processes run them: `make test` has two, each with a PostgreSQL."""

from typing import Final

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

FIRST: Final = ("tests/system/", "tests/browser/")
LAST: Final = "tests/compose/"


class ByFile(LoadFileScheduling):  # type: ignore[misc] # xdist has no types
    """A file is one piece of work, for its tests share what is slow to build. The containers are one piece altogether:
    they are there once, under one name and on two ports."""

    def __init__(self, config: pytest.Config, log: object) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return LAST if nodeid.startswith(LAST) else str(super()._split_scope(nodeid))


def put_in_order(items: list[pytest.Item]) -> None:
    """The longest begin first, so that no process is left alone with them. The containers, which ask for every
    processor, come when nearly all else is done, so that nothing times out beside them."""
    items.sort(key=lambda item: (item.nodeid.startswith(LAST), not item.nodeid.startswith(FIRST)))
