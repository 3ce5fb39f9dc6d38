"""Fixtures for the library's own rules: the app of a test module, an issuer's key server, a clock."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.shared.apps import Service, client_for
from tests.shared.boot_clock import BootClock
from tests.shared.chat_app import ChatApp, running_chat_app
from tests.shared.key_server import KeyServer, serving
from tests.shared.ssf import Transmitter, transmitting
from tests.shared.tables import things
from tests.support.databases import Databases
from tests.support.fresh import Fresh
from watchword.database import Database
from watchword.testing import Issuer, StandingClock


@pytest.fixture(scope="module")
async def service(request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    """The app that the test module's `app_of(issuer)` builds, running, and the issuer whose tokens it accepts."""
    issuer = Issuer()
    async with client_for(request.module.app_of(issuer)) as http:
        yield Service(http, issuer)


@pytest.fixture
async def key_server(issuer: Issuer) -> AsyncIterator[KeyServer]:
    """The JWKS endpoint of `issuer`."""
    async with serving(issuer) as server:
        yield server


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def since_boot(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> BootClock:
    """The time since boot, to those modules that the test module names as `BOOT_CLOCK_READERS`."""
    clock = BootClock()
    for reader in request.module.BOOT_CLOCK_READERS:
        monkeypatch.setattr(reader, "seconds_since_boot", clock)
    return clock


@pytest.fixture
async def chat_app(clock: StandingClock) -> AsyncIterator[ChatApp]:
    """A running app whose operations stay open. When the test has ended, nothing may be left of them."""
    async with running_chat_app(clock) as chat_app:
        yield chat_app


@pytest.fixture
async def transmitter(databases: Databases) -> AsyncIterator[Transmitter]:
    """A transmitter that is not Watchword's, over empty tables of posts."""
    await databases.empty("posts")
    async with transmitting() as transmitter:
        yield transmitter


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    """A database with one connection in each pool, and the table of things. The app role has no other connection."""
    await databases.end_connections("posts_app")
    database = Database(databases.url("posts_app"), size=1)
    async with things(databases):
        yield database
        await database.close()


@pytest.fixture
def fresh(databases: Databases) -> Iterator[Fresh]:
    """A database whose schemas have no table."""
    fresh = Fresh(databases)
    yield fresh
    fresh.drop()
