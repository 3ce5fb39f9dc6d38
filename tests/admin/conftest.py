"""Fixtures for the administration."""

from collections.abc import AsyncIterator

import pytest

from tests.admin.callers import administrator
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Identity
from watchword.testing import StandingClock

Headers = dict[str, str]


@pytest.fixture(autouse=True)
async def as_seeded(seeded_roles: None) -> None:
    """Every test may change roles: they are put back after it."""


@pytest.fixture
async def grace(identity: Identity) -> Headers:
    """The header of an administrator, who has just signed in."""
    return await administrator(identity)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
async def identity_at(databases: Databases, clock: StandingClock) -> AsyncIterator[Identity]:
    """The identity service over empty tables, whose time is `clock`."""
    await databases.empty("identity", "roles", "role_permissions")
    async with services.identity(databases, clock=clock) as service:
        yield service
