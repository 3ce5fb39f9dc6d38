"""The HTML of comments that an older renderer has made is made anew, by the rule of posts."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from posts_service.comments.derivation import DERIVE
from posts_service.errors import TooHardToRender
from posts_service.rendering.version import RENDERER_VERSION
from tests.posts.commenting import comment, comments_of, remove
from tests.posts.erasing import WAITING
from tests.posts.people import Person
from tests.shared.tables import until_backends
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.database import Database
from watchword.jobs import Job

OUTDATE = "UPDATE posts.comments SET renderer = 0, html = 'old' WHERE body IS NOT NULL"
LEFT = "SELECT body, html FROM posts.comments WHERE renderer <> $1 AND body IS NOT NULL"
LOCK = "SELECT FROM posts.comments FOR UPDATE"


async def derive(posts: Posts, databases: Databases) -> None:
    """Do the periodic job, and leave nothing to do."""
    await posts.parts.comment_derivation.run(Job(uuid4(), DERIVE, DERIVE, {}, 1, 0, datetime.now(UTC)))
    assert await databases.fetch("posts_app", LEFT, RENDERER_VERSION) == []


@pytest.fixture
async def post_id(posts: Posts, ada: Person) -> str:
    return str((await posts.publish(ada.headers))["id"])


async def test_the_html_of_an_older_renderer_is_made_anew_and_nothing_else_changes(
    posts: Posts, databases: Databases, ada: Person, post_id: str
) -> None:
    first = await comment(posts, ada, post_id, "*First*")
    await comment(posts, ada, post_id, "*Answer*", first["id"])
    removed = await comment(posts, ada, post_id, "*Removed*")
    await comment(posts, ada, post_id, "Another answer", removed["id"])
    await remove(posts, ada, removed["id"])
    before = await comments_of(posts, post_id)
    await databases.execute("posts_app", OUTDATE)
    await databases.execute("posts_app", "UPDATE posts.comments SET renderer = 0")
    await derive(posts, databases)
    assert await comments_of(posts, post_id) == before


async def test_a_comment_that_is_too_hard_to_render_is_not_tried_again(
    posts: Posts, databases: Databases, ada: Person, post_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> str:
        raise TooHardToRender

    await comment(posts, ada, post_id, "*Hard*")
    await databases.execute("posts_app", OUTDATE)
    monkeypatch.setattr(posts.parts.renderer, "render", refuse)
    await derive(posts, databases)
    assert [row["html"] for row in await comments_of(posts, post_id)] == ["<p>*Hard*</p>"]


async def test_a_job_takes_a_portion_and_enqueues_another_for_what_is_left(
    posts: Posts, databases: Databases, ada: Person, post_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("posts_service.rendering.rerendering.PORTION", 1)
    posts.parts.job_worker.stop()
    await comment(posts, ada, post_id)
    await databases.execute("posts_app", OUTDATE)
    await derive(posts, databases)
    rows = await databases.fetch("posts_app", "SELECT FROM posts.jobs WHERE kind = $1 AND run_at <= now()", DERIVE)
    assert len(rows) == 1


@pytest.mark.parametrize("way", ["changed", "removed"])
async def test_a_comment_that_changes_meanwhile_keeps_what_it_has_become(
    posts: Posts, databases: Databases, other: Database, ada: Person, post_id: str, way: str
) -> None:
    written = await comment(posts, ada, post_id, "*Before*")
    await comment(posts, ada, post_id, "An answer", written["id"])
    await databases.execute("posts_app", OUTDATE)
    async with other.begin() as db:
        await (await db.connection()).exec_driver_sql(LOCK)
        url, change = f"/comments/{written['id']}", {"body": "*After*"}
        if way == "changed":
            changing = asyncio.create_task(posts.http.patch(url, json=change, headers=ada.headers))
        else:
            changing = asyncio.create_task(remove(posts, ada, written["id"]))
        await until_backends(databases, 1, WAITING)
        deriving = asyncio.create_task(derive(posts, databases))
        await until_backends(databases, 2, WAITING)
    assert (await changing).is_success
    await deriving
    html = "<p><em>After</em></p>" if way == "changed" else None
    assert (await comments_of(posts, post_id))[0]["html"] == html
