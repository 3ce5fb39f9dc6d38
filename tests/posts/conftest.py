"""People who call the posts service, and the service with a clock that the test sets."""

from collections.abc import AsyncIterator
from functools import partial

import pytest

from posts_service.posts.policy import Permission
from tests.posts.listening import LivePosts, PostsWith, live
from tests.posts.people import Person
from tests.support import services
from tests.support.databases import Databases
from watchword.database import Database
from watchword.testing import Issuer, StandingClock


@pytest.fixture
def issuer() -> Issuer:
    """An issuer whose tokens are meant for the posts service."""
    return Issuer(audience=services.POSTS_URL)


@pytest.fixture
def ada(issuer: Issuer) -> Person:
    """The author of the posts."""
    return Person(issuer, "ada")


@pytest.fixture
def stranger(issuer: Issuer) -> Person:
    return Person(issuer, "mallory")


@pytest.fixture
def moderator(issuer: Issuer) -> Person:
    """A person with every permission over what is others'."""
    return Person(issuer, "grace", tuple(Permission), ("moderator",))


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
async def posts_at(databases: Databases, issuer: Issuer, clock: StandingClock) -> AsyncIterator[services.Posts]:
    """The posts service over empty tables, with its time from `clock`."""
    await databases.empty("posts")
    async with services.posts(databases, issuer.verifier(), clock=clock) as service:
        yield service


@pytest.fixture
async def other(databases: Databases) -> AsyncIterator[Database]:
    """The database as another process uses it."""
    database = Database(databases.url("posts_app"), size=2)
    yield database
    await database.close()


@pytest.fixture
def posts_with(databases: Databases, issuer: Issuer, without_issuer: None) -> PostsWith:
    """Starts a service like `live_posts`, with limits of the test."""
    return partial(live, databases, issuer)


@pytest.fixture
async def live_posts(posts_with: PostsWith) -> AsyncIterator[LivePosts]:
    """The posts service over empty tables, on a server: what it keeps open cannot be read in any other way."""
    async with posts_with() as service:
        yield service
