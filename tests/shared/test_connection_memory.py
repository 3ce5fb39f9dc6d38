"""A stranger's connections cost a bounded amount of memory, and all of them are closed."""

from collections.abc import Iterator

import pytest

from tests.support.bounded_server import BoundedServer, bounded_server
from tests.support.strangers import STRANGERS, growth

MEGABYTES_MORE = 25


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoundedServer]:
    with bounded_server(tmp_path_factory.mktemp("memory"), head_seconds=4, silence_seconds=4) as server:
        yield server


@pytest.mark.parametrize("kind", STRANGERS)
def test_a_strangers_connections_cost_a_bounded_amount_and_are_closed(server: BoundedServer, kind: str) -> None:
    one, connections = STRANGERS[kind]
    growth(server, one, 2)
    assert growth(server, one, connections) < MEGABYTES_MORE * 1_000_000
