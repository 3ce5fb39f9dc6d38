"""An account is disabled while its author's card is written, or while what they have scheduled is published."""

import asyncio
from uuid import UUID

import asyncpg

from posts_service.authors import repository as authors
from posts_service.events.effects import disable_author
from tests.posts.disabling import DISABLED, is_disabled, outcome, schedule
from tests.posts.erasing import WAITING
from tests.posts.people import Person
from tests.posts.test_events import event, happen, is_refused
from tests.posts.test_scheduled import run_jobs
from tests.shared.tables import until_backends
from tests.support.databases import Databases
from tests.support.services import Posts
from tests.support.waiting import until
from watchword.database import Database

LOCK_POST = "SELECT FROM posts.posts WHERE id = $1::text::uuid FOR UPDATE"


async def test_a_card_that_is_being_written_while_the_account_is_disabled_says_so(
    posts: Posts, databases: Databases, other: Database, ada: Person
) -> None:
    async with other.writes.begin() as db:
        await authors.upsert(db, UUID(ada.id), ada.username, posts.parts.clock.now())
        happening = asyncio.create_task(happen(posts, DISABLED, ada, ver=1))
        await until(lambda: posts.parts.receiver.effect_failures[DISABLED] > 0)
    await happening
    assert await is_disabled(databases, ada)


async def test_a_disabling_that_is_under_way_is_waited_for(
    posts: Posts, databases: Databases, other: Database, ada: Person
) -> None:
    post = await schedule(posts, ada)
    async with other.begin() as db:
        await disable_author(db, event(posts, DISABLED, ada, ver=1))
        publishing = asyncio.create_task(run_jobs(posts, databases))
        await until_backends(databases, 1, WAITING)
    await publishing
    assert await outcome(posts, databases, post) == ("draft", False, 2)


async def test_a_disabling_is_over_only_after_what_is_being_published_is_public(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post = await schedule(posts, ada)
    locking = await asyncpg.connect(databases.url("posts_owner"))
    async with locking.transaction():
        await locking.execute(LOCK_POST, post["id"])
        publishing = asyncio.create_task(run_jobs(posts, databases))
        await until_backends(databases, 1, WAITING)
        happening = asyncio.create_task(happen(posts, DISABLED, ada, ver=1))
        await until(lambda: is_refused(posts, ada))
        await until(lambda: posts.parts.receiver.effect_failures[DISABLED] > 0)
        assert not happening.done()
    await locking.close()
    await asyncio.gather(publishing, happening)
    assert await outcome(posts, databases, post) == ("published", False, 2)
    assert await is_disabled(databases, ada)
