"""PostgreSQL goes away and comes back; the service stays."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from deploy.local.postgres import EmbeddedPostgres
from tests.posts.people import Person
from tests.posts.summaries import public_part_of
from tests.support import services
from tests.support.databases import Databases, migrated
from tests.support.services import Posts
from tests.support.waiting import until
from watchword.testing import Issuer


@pytest.fixture
def own_databases(tmp_path: Path) -> Iterator[Databases]:
    """A PostgreSQL server for this test alone, which loses nothing that it has committed."""
    with migrated(tmp_path, durable=True) as databases:
        yield databases


@pytest.fixture
async def own_posts(own_databases: Databases, issuer: Issuer, without_issuer: None) -> AsyncIterator[Posts]:
    async with services.posts(own_databases, issuer.verifier()) as service:
        yield service


async def everything(posts: Posts, person: Person, post_id: str) -> dict[str, httpx.Response]:
    """One request of each kind; the deletion is the last."""
    url, headers = f"/posts/{post_id}", person.headers
    return {
        "GET": await posts.http.get(url),
        "list": await posts.http.get("/posts"),
        "drafts": await posts.http.get("/posts?state=draft", headers=headers),
        "POST": await posts.http.post("/posts", json={"title": "A title", "body": ""}, headers=headers),
        "PATCH": await posts.http.patch(url, json={"title": "Another"}, headers=headers),
        "DELETE": await posts.http.delete(url, headers=headers),
    }


async def until_waiting(databases: Databases) -> None:
    """Return when a backend of the service waits for a lock."""
    waiting = "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND usename = 'posts_app'"

    async def is_waiting() -> bool:
        return bool(await databases.fetch("posts_app", waiting))

    await until(is_waiting)


@pytest.mark.parametrize("go_away", [EmbeddedPostgres.stop, EmbeddedPostgres.kill], ids=["stopped", "killed"])
async def test_an_outage_is_503_while_it_lasts_and_nothing_afterwards(
    own_posts: Posts, own_databases: Databases, ada: Person, go_away: Callable[[EmbeddedPostgres], None]
) -> None:
    post = await own_posts.publish(ada.headers)
    go_away(own_databases.server)
    away = await everything(own_posts, ada, post["id"])
    assert {answer.status_code for answer in away.values()} == {503}
    assert {answer.json()["code"] for answer in away.values()} == {"database_unavailable"}
    assert all("retry-after" in answer.headers for answer in away.values())
    assert (await own_posts.http.get("/readyz")).status_code == 503
    assert (await own_posts.http.get("/livez")).status_code == 200
    own_databases.server.start()
    back = await everything(own_posts, ada, post["id"])
    assert [answer.status_code for answer in back.values()] == [200, 200, 200, 201, 200, 204]
    assert (await own_posts.http.get("/readyz")).status_code == 200


async def test_who_is_calling_is_settled_during_an_outage_too(
    own_posts: Posts, own_databases: Databases, ada: Person
) -> None:
    own_databases.server.stop()
    body = {"title": "A title", "body": ""}
    anonymous = await own_posts.http.post("/posts", json=body)
    unscoped = await own_posts.http.post("/posts", json=body, headers=ada.bearer(scope=""))
    assert [anonymous.status_code, unscoped.status_code] == [401, 403]


async def test_a_write_under_way_when_postgresql_stops_is_503(
    own_posts: Posts, own_databases: Databases, ada: Person
) -> None:
    post = await own_posts.publish(ada.headers, title="Old")
    url = f"/posts/{post['id']}"
    holder = await asyncpg.connect(own_databases.url("posts_app"))
    await holder.execute("BEGIN; SELECT FROM posts.posts FOR UPDATE")
    editing = asyncio.create_task(own_posts.http.patch(url, json={"title": "New"}, headers=ada.headers))
    await until_waiting(own_databases)
    own_databases.server.stop()
    assert (await editing).status_code == 503
    own_databases.server.start()
    assert (await own_posts.http.get(url)).json() == public_part_of(post)
    holder.terminate()


async def test_connections_that_were_cut_are_replaced_before_they_are_used(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post = await posts.publish(ada.headers)
    url = f"/posts/{post['id']}"
    await asyncio.gather(*(posts.http.get(url) for _ in range(20)))
    assert await databases.end_connections("posts_app") > 1
    assert (await posts.http.get(url)).json() == public_part_of(post)
    changes = [posts.http.patch(url, json={"title": f"{n}"}, headers=ada.headers) for n in range(10)]
    assert {answer.status_code for answer in await asyncio.gather(*changes)} == {200}
