"""Fixtures for tests of the library."""

from collections.abc import AsyncIterator

import pytest

from tests.shared.ssf import Transmitter, transmitting
from tests.support.databases import Databases


@pytest.fixture
async def transmitter(databases: Databases) -> AsyncIterator[Transmitter]:
    """A transmitter that is not Watchword's, over empty tables of posts."""
    await databases.empty("posts")
    async with transmitting() as transmitter:
        yield transmitter
