"""The erasure of a person, as a receiver does it, in a transaction that a test can hold open."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.events.effects import erase_author
from tests.posts.people import Person
from tests.support.services import Posts
from watchword.database import Database
from watchword.events.security_event import ReceivedEvent
from watchword.events.types import EventType

PURGE = """INSERT INTO posts.revocations VALUES ('purged', :subject, 9007199254740992, now() + interval '1 hour')
    ON CONFLICT DO NOTHING"""
WAITING = "wait_event_type = 'Lock'"


async def erase(db: AsyncSession, posts: Posts, author: Person) -> None:
    """Record that the account is purged, and delete what is the author's. A receiver commits the record first; here
    both are in one transaction, so that no other one sees the record earlier."""
    await db.execute(text(PURGE), {"subject": author.id})
    while await erase_author(db, purged(posts, author)):
        pass


def purged(posts: Posts, author: Person) -> ReceivedEvent:
    """The event that the account of the author is deleted."""
    return ReceivedEvent(uuid4().hex, EventType.ACCOUNT_PURGED, author.id, None, {}, posts.parts.clock.now())


@asynccontextmanager
async def erasing(other: Database, posts: Posts, author: Person) -> AsyncIterator[AsyncSession]:
    """Erase the author in a transaction that is committed when the block ends."""
    async with other.begin() as db:
        await erase(db, posts, author)
        yield db


async def erase_in(other: Database, posts: Posts, author: Person) -> None:
    async with erasing(other, posts, author):
        pass
