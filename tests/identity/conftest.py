"""The identity service with other settings or another clock than `identity` has."""

from collections.abc import AsyncIterator

import pytest

from tests.support import services
from tests.support.databases import Databases
from watchword.testing import StandingClock


@pytest.fixture
async def clean_databases(databases: Databases) -> Databases:
    """The databases, with identity's tables empty, for a test that builds its own service."""
    await databases.empty("identity", "roles", "role_permissions")
    return databases


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
async def identity_at(clean_databases: Databases, clock: StandingClock) -> AsyncIterator[services.Identity]:
    """The identity service whose time is `clock`."""
    async with services.identity(clean_databases, clock=clock) as service:
        yield service
