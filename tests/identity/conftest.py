"""The identity service with other settings or another clock than `identity` has."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.identity.authorizing import Application, application
from tests.identity.browsing import Browsing, browsing
from tests.identity.device_flow import Television, register_client, switched_on
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


@pytest.fixture
async def app(identity_at: services.Identity) -> Application:
    """An application that signs people in by a redirect."""
    return await application(identity_at)


@pytest.fixture
async def browser(identity_at: services.Identity, app: Application) -> AsyncIterator[Browsing]:
    """A browser in which nobody is signed on; ada has an account."""
    await identity_at.register("ada")
    async with browsing(identity_at) as browser:
        yield browser


@pytest.fixture
async def mailing(clean_databases: Databases, clock: StandingClock, tmp_path: Path) -> AsyncIterator[services.Identity]:
    """The identity service whose letters are in `tmp_path` and whose time is `clock`."""
    async with services.identity(clean_databases, clock=clock, mail_folder=tmp_path) as service:
        yield service


@pytest.fixture
async def verifying(
    clean_databases: Databases, clock: StandingClock, tmp_path: Path
) -> AsyncIterator[services.Identity]:
    """As `mailing`, where addresses must be verified before the first sign-in."""
    settings = {"mail_folder": tmp_path, "email_verification": "required"}
    async with services.identity(clean_databases, clock=clock, **settings) as service:
        yield service


@pytest.fixture
async def behind(
    identity_at: services.Identity, databases: Databases, clock: StandingClock
) -> AsyncIterator[services.Identity]:
    """Another process of the service of `identity_at`, whose clock is four seconds behind."""
    async with services.identity(databases, clock=StandingClock(clock.now())) as other:
        clock.advance(seconds=4)
        yield other


@pytest.fixture
async def ada(identity: services.Identity) -> AsyncIterator[Browsing]:
    """The browser of ada, who has just signed on."""
    async with browsing(identity, "ada") as browser:
        yield browser


@pytest.fixture
async def device_client(identity: services.Identity) -> None:
    """A client for devices without a browser."""
    await register_client(identity)


@pytest.fixture
async def television(identity: services.Identity, device_client: None) -> Television:
    """A device that shows a code."""
    return await switched_on(identity)
