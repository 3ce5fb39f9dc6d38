"""Who acts on what is somebody else's waits neither for the erasure of its author nor for a new name of theirs.

An erasure locks the card of its author, and then their posts. PostgreSQL checks the card for a transaction that changes
a post twice: it would hold the post and wait for the card, and the two for each other.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from posts_service.posts.revisions import PUBLISH
from tests.posts.commenting import comment
from tests.posts.moderating import REASON, change, decide, report, unpublish
from tests.posts.people import Person
from tests.support.databases import Databases, connected
from tests.support.services import Posts
from watchword.jobs import Job

ERASED = "SELECT FROM posts.authors WHERE id = $1::text::uuid FOR UPDATE"
RENAMED = "UPDATE posts.authors SET username = 'countess' WHERE id = $1::text::uuid"
SPAM = {"reason": REASON}
AT_MOST_SECONDS = 30


@asynccontextmanager
async def locked(databases: Databases, sql: str, author: Person) -> AsyncIterator[None]:
    """The card of the author is locked by this statement until the block ends, which must be soon."""
    async with connected(databases.url("posts_app")) as connection, connection.transaction():
        await connection.execute(sql, author.id)
        async with asyncio.timeout(AT_MOST_SECONDS):
            yield


class Scene:
    """A post of the author's, and what hangs on it."""

    def __init__(self, posts: Posts, author: Person) -> None:
        self.posts = posts
        self.author = author

    async def prepare(self, reader: Person) -> None:
        self.post = await self.posts.publish(self.author.headers, tags=["ant", "bee"])
        self.url = f"/posts/{self.post['id']}"
        at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        self.scheduled = await self.posts.publish(self.author.headers, published_at=at, tags=["ant"])
        self.comment = await comment(self.posts, self.author, self.post["id"])
        self.answer = await comment(self.posts, self.author, self.post["id"], "An answer", self.comment["id"])
        self.report = (await report(self.posts, reader, self.post)).json()
        # So that the card of the reader has the name of their token.
        assert (await self.posts.http.put(f"{self.url}/like", headers=reader.headers)).status_code == 200

    async def read(self, reader: Person) -> list[httpx.Response]:
        """What a reader does."""
        http = self.posts.http
        await comment(self.posts, reader, self.post["id"], "Another answer", self.comment["id"])
        return [
            await http.delete(f"{self.url}/like", headers=reader.headers),
            await http.put(f"{self.url}/like", headers=reader.headers),
            await http.post(f"/comments/{self.comment['id']}/reports", json=SPAM, headers=reader.headers),
        ]

    async def moderate(self, moderator: Person) -> list[httpx.Response]:
        """What a moderator does."""
        posts, http = self.posts, self.posts.http
        by: dict[str, Any] = {"params": SPAM, "headers": moderator.headers}
        return [
            await change(posts, moderator, self.post, REASON, title="Another", body="*new*", tags=["cow"]),
            await http.post(f"{self.url}/versions/1/restore", **by),
            await unpublish(posts, moderator, self.post),
            await change(posts, moderator, self.post, REASON, state="published", summary="Back", tags=["cow"]),
            await http.delete(f"/comments/{self.comment['id']}", **by),
            await http.delete(f"/comments/{self.answer['id']}", **by),
            await decide(posts, moderator, self.report["id"], state="resolved"),
            await http.delete(self.url, **by),
        ]

    async def publish_scheduled(self) -> int:
        """What the job of a scheduled publication does. Returns the version of the post then."""
        publish_at = datetime.fromisoformat(self.scheduled["published_at"])
        payload = {"post_id": self.scheduled["id"], "publish_at": publish_at.isoformat()}
        job = Job(uuid4(), PUBLISH, None, payload, 1, 0, publish_at)
        await self.posts.parts.scheduled_publications.publish(job)
        return int((await self.posts.http.get(f"/posts/{self.scheduled['id']}")).json()["version"])


@pytest.mark.parametrize("lock", [ERASED, RENAMED], ids=["an erasure", "a rename"])
async def test_who_changes_what_hangs_on_a_post_waits_for_no_lock_on_its_authors_card(
    posts: Posts, databases: Databases, ada: Person, stranger: Person, moderator: Person, lock: str
) -> None:
    scene = Scene(posts, ada)
    await scene.prepare(stranger)
    async with locked(databases, lock, ada):
        answers = [*await scene.read(stranger), *await scene.moderate(moderator)]
        assert await scene.publish_scheduled() == 2
    assert [answer.text for answer in answers if not answer.is_success] == []
