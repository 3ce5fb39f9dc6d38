"""One stack for the tests of this folder, and somebody to use it."""

from collections.abc import AsyncIterator, Iterator
from typing import Protocol

import httpx
import pytest

from tests.support.services import unique
from tests.support.stack import Person, Place, Stack, stack
from watchword.http_client.tls import ssl_context

# Short lives, so that a test sees a whole rotation; cheap hashes.
SETTINGS = {
    "IDENTITY_BCRYPT_ROUNDS": "4",
    "IDENTITY_JWKS_MAX_AGE_SECONDS": "1",
    "IDENTITY_KEY_CHECK_SECONDS": "0.2",
    "IDENTITY_LOG_LEVEL": "debug",
}


class NewPerson(Protocol):
    async def __call__(self, word: str = "ada") -> Person: ...


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("stack"), **SETTINGS) as found:
        yield found


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """For a test that counts what happened, or breaks more than it mends."""
    with stack(tmp_path_factory.mktemp("own"), **SETTINGS) as found:
        yield found


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(verify=ssl_context(), timeout=20, limits=limits, trust_env=False) as client:
        yield client


@pytest.fixture
def person(running: Place, http: httpx.AsyncClient) -> NewPerson:
    """Registers and signs in somebody new."""

    async def make(word: str = "ada") -> Person:
        return await Person(http, running, unique(word)).register()

    return make
