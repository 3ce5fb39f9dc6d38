"""Fixtures for all tests: one PostgreSQL for the whole run, and both services over empty tables."""

import gc
import os
import sys
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from tests.support import services
from tests.support.databases import Databases, migrated
from tests.support.knowledge import share_knowledge
from tests.support.sharing import ByFile, put_in_order
from tests.support.waiting import PATIENCE_SECONDS
from watchword.testing import Issuer

# A quarter of what it costs to start a service is compiling our modules, and tests start hundreds of processes: the
# first one keeps what it has compiled, whatever the environment says.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

pytest_plugins = ["watchword.testing.plugin"]

ROLES = "SELECT name, description, permission FROM identity.roles LEFT JOIN identity.role_permissions ON role = name"

TIME_LIMITS = (
    "watchword.database.database.CONNECT_TIMEOUT_SECONDS",
    "watchword.database.database.COMMAND_TIMEOUT_SECONDS",
    "watchword.database.database.POOL_TIMEOUT_SECONDS",
    "watchword.database.connections.CONNECT_TIMEOUT_SECONDS",
    "watchword.database.statement_connection.CONNECT_TIMEOUT_SECONDS",
    "watchword.database.statement_connection.STATEMENT_TIMEOUT_SECONDS",
    "watchword.database.notifications.CHECK_TIMEOUT_SECONDS",
    "watchword.events.transmitter_client.POLL_TIMEOUT_SECONDS",
    "watchword.auth.remote_keys.FETCH_TIMEOUT_SECONDS",
    "identity_service.events.locking.IDLE_TIMEOUT_SECONDS",
    "identity_service.events.push.REQUEST_TIMEOUT_SECONDS",
    "identity_service.events.poll_statements.BEGIN_WAIT.timeout_seconds",
    "identity_service.events.poll_statements.PUT_OFF_LAPSE.timeout_seconds",
    "identity_service.events.poll_statements.MARK_SENT.timeout_seconds",
    "identity_service.events.poll_statements.NEXT_EVENTS.timeout_seconds",
)

# The same examples in every run; none fails because the machine is busy.
settings.register_profile(
    "watchword", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("watchword")

share_knowledge()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    return ByFile(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", action="store_true", help="take the pictures of docs/pictures anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    put_in_order(items)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in this process is given up because the machine is busy. A test of a time limit sets its own."""
    for limit in TIME_LIMITS:
        monkeypatch.setattr(limit, PATIENCE_SECONDS)


@pytest.fixture(autouse=True, scope="module")
def small_heap() -> Iterator[None]:
    """What a file of tests leaves behind is out of every later collection. Over the apps and reports of a whole run a
    collection pauses the process for longer than a transaction may be idle."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture
def without_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that starts does not wait for its issuer, which is not there in this test."""
    monkeypatch.setattr("watchword.service.readiness.START_SECONDS", 0.0)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Both schemas at head, with the roles of production. They hold whatever rows the previous test left."""
    with migrated(tmp_path_factory.mktemp("postgres")) as databases:
        yield databases


@pytest.fixture
async def identity(databases: Databases) -> AsyncIterator[services.Identity]:
    """The identity service over empty tables."""
    await databases.empty("identity", "roles", "role_permissions")
    async with services.identity(databases) as service:
        yield service


@pytest.fixture
async def posts(databases: Databases, issuer: Issuer, without_issuer: None) -> AsyncIterator[services.Posts]:
    """The posts service over empty tables; it accepts the tokens of `issuer`."""
    await databases.empty("posts")
    async with services.posts(databases, issuer.verifier(services.POSTS_URL)) as service:
        yield service


@pytest.fixture
async def seeded_roles(databases: Databases) -> AsyncIterator[None]:
    """Put the roles back as they were: other tests need those that the migrations seed."""
    rows = await databases.fetch("identity_owner", ROLES)
    yield
    owner = await asyncpg.connect(databases.url("identity_owner"))
    async with owner.transaction():
        await owner.execute("TRUNCATE identity.user_roles, identity.role_permissions, identity.roles")
        for name, description in {(row["name"], row["description"]) for row in rows}:
            await owner.execute("INSERT INTO identity.roles VALUES ($1, $2)", name, description)
        for row in rows:
            if row["permission"] is not None:
                await owner.execute(
                    "INSERT INTO identity.role_permissions VALUES ($1, $2)", row["name"], row["permission"]
                )
    await owner.close()
