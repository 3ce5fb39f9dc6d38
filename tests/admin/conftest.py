"""Fixtures for the administration."""

import pytest

from tests.admin.callers import administrator
from tests.support.services import Identity

Headers = dict[str, str]


@pytest.fixture(autouse=True)
async def as_seeded(seeded_roles: None) -> None:
    """Every test may change roles: they are put back after it."""


@pytest.fixture
async def grace(identity: Identity) -> Headers:
    """The header of an administrator, who has just signed in."""
    return await administrator(identity)
