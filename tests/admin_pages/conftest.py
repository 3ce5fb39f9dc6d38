"""Fixtures for the pages of the administration."""

from collections.abc import AsyncIterator

import pytest

from identity_service.pages.admin import requests
from tests.admin_pages.people import administrator
from tests.identity.browsing import Browsing
from tests.support.services import Identity


@pytest.fixture(autouse=True)
async def as_seeded(seeded_roles: None) -> None:
    """Every test may change roles: they are put back after it."""


@pytest.fixture
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """No act waits for the services."""
    monkeypatch.setattr(requests, "OBEDIENCE_SECONDS", 0)


@pytest.fixture
async def grace(identity: Identity) -> AsyncIterator[Browsing]:
    """The browser of an administrator, who has just signed on."""
    async with administrator(identity) as browser:
        yield browser
