"""One running stack for the tests of this folder, an HTTP client, and people with accounts."""

from collections.abc import AsyncIterator, Iterator
from typing import Protocol

import httpx
import pytest

from tests.support.person import Person, ServiceUrls
from tests.support.services import unique
from tests.support.stack import Stack, stack
from tests.support.waiting import PATIENCE_SECONDS
from watchword.http_client.tls import ssl_context

# Short times, so that a test sees a whole key rotation; cheap hashes.
SETTINGS = {
    "IDENTITY_BCRYPT_ROUNDS": "4",
    "IDENTITY_JWKS_MAX_AGE_SECONDS": "1",
    "IDENTITY_KEY_CHECK_SECONDS": "0.2",
    "IDENTITY_LOG_LEVEL": "debug",
}


class NewPerson(Protocol):
    async def __call__(self, word: str = "ada", audience: str | None = None) -> Person: ...


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("stack"), **SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack for one file, for tests that count all events or leave damage."""
    with stack(tmp_path_factory.mktemp("own"), **SETTINGS) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    # Long, because httpx may close a connection that is just used if its task stood still for as long.
    limits = httpx.Limits(max_connections=100, keepalive_expiry=PATIENCE_SECONDS)
    timeout = PATIENCE_SECONDS
    async with httpx.AsyncClient(verify=ssl_context(), timeout=timeout, limits=limits, trust_env=False) as client:
        yield client


@pytest.fixture
def person(running: ServiceUrls, http: httpx.AsyncClient) -> NewPerson:
    """A function that registers a person and signs them in."""

    async def make(word: str = "ada", audience: str | None = None) -> Person:
        return await Person(http, running, unique(word), audience).register()

    return make
