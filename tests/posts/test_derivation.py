"""What the previous release and an older renderer have left is made anew, and the version stays."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from posts_service.errors import TooHardToRender
from posts_service.posts.derivation import DERIVE
from posts_service.rendering.version import RENDERER_VERSION
from tests.posts.people import Person
from tests.posts.summaries import public_part_of
from tests.posts.test_made_from_posts import OLD_EDIT, OLD_INSERT
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.jobs import Job

LEFT = "SELECT id FROM posts.posts WHERE derived_version <> version OR renderer <> $1"


async def derive(posts: Posts, databases: Databases) -> None:
    """Do the periodic job, and leave nothing to do."""
    await posts.parts.derivation.run(Job(uuid4(), DERIVE, DERIVE, {}, 1, 0, datetime.now(UTC)))
    assert await databases.fetch("posts_app", LEFT, RENDERER_VERSION) == []


async def read(posts: Posts, post_id: str) -> dict[str, Any]:
    return dict((await posts.http.get(f"/posts/{post_id}")).json())


async def test_posts_of_the_previous_release_get_what_is_made_from_posts(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    edited = await posts.publish(ada.headers, title="Edited", body="*First*", tags=["ant"])
    await databases.execute("posts_app", OLD_EDIT, edited["id"], "*Second*")
    [row] = await databases.fetch("posts_app", OLD_INSERT, ada.id, "*Old*")
    before = [await read(posts, post_id) for post_id in (edited["id"], row["id"])]
    await derive(posts, databases)
    for post, (slug, word) in zip(before, [("edited", "Second"), ("engines", "Old")], strict=True):
        made = {"slug": slug, "html": f"<p><em>{word}</em></p>", "summary": word}
        assert await read(posts, post["id"]) == {**post, **made}
    rows = await databases.fetch("posts_app", "SELECT name, posts FROM posts.tags")
    assert [tuple(row) for row in rows] == [("ant", 1)]
    assert len(await databases.fetch("posts_app", "SELECT FROM posts.post_terms")) == 2


async def test_the_html_of_an_older_renderer_is_made_anew_and_an_own_summary_and_the_editor_stay(
    posts: Posts, databases: Databases, ada: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers, body="*Text*", summary="Own")
    url = f"/posts/{post['id']}?reason=clearer"
    answer = await posts.http.patch(url, json={"title": "Other"}, headers=moderator.headers)
    await databases.execute("posts_app", "UPDATE posts.posts SET renderer = 0, html = 'old'")
    await derive(posts, databases)
    assert await read(posts, post["id"]) == public_part_of(answer.json())
    [row] = await databases.fetch("posts_app", "SELECT editor_id::text FROM posts.posts")
    assert row["editor_id"] == moderator.id


async def test_a_text_that_is_too_hard_to_render_is_not_tried_again(
    posts: Posts, databases: Databases, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> str:
        raise TooHardToRender

    post = await posts.publish(ada.headers)
    await databases.execute("posts_app", OLD_EDIT, post["id"], "*Hard*")
    monkeypatch.setattr(posts.parts.renderer, "render", refuse)
    await derive(posts, databases)
    assert (await read(posts, post["id"]))["html"] == "<p>*Hard*</p>"


async def test_a_job_takes_a_portion_and_enqueues_another_for_what_is_left(
    posts: Posts, databases: Databases, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("posts_service.rendering.rerendering.PORTION", 1)
    posts.parts.job_worker.stop()
    await posts.publish(ada.headers)
    await databases.execute("posts_app", "UPDATE posts.posts SET renderer = 0")
    await derive(posts, databases)
    rows = await databases.fetch("posts_app", "SELECT FROM posts.jobs WHERE kind = $1 AND run_at <= now()", DERIVE)
    assert len(rows) == 1
