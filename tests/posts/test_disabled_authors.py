"""What somebody has scheduled whose account is disabled by then stays a draft; events come late, twice, or not yet."""

from datetime import timedelta
from uuid import UUID

import pytest

from posts_service.erasure.erasure import erase_portion
from posts_service.parts import MIGRATIONS
from tests.posts.disabling import DISABLED, ENABLED, forget, is_accepted, is_disabled, outcome, schedule
from tests.posts.people import Person
from tests.posts.test_events import REVOKED, count_rows, event, happen
from tests.posts.test_history import history
from tests.posts.test_scheduled import ahead, change, read
from tests.support.databases import Databases
from tests.support.events import receive
from tests.support.fresh import Fresh
from tests.support.services import Posts
from tests.support.waiting import until
from watchword.auth import Revocations
from watchword.database import Database

INSERT_CARD = "INSERT INTO posts.authors (id, username, named_at) VALUES (gen_random_uuid(), '{}', now())"
PLAIN_CARDS = "SELECT username FROM posts.authors WHERE NOT is_disabled AND account_version IS NULL ORDER BY 1"


@pytest.mark.parametrize("is_long_ago", [False, True], ids=["lately", "long ago"])
async def test_what_a_disabled_author_has_scheduled_stays_a_draft_that_they_publish_when_they_are_enabled(
    posts: Posts, databases: Databases, ada: Person, is_long_ago: bool
) -> None:
    post = await schedule(posts, ada, tags=["ant"])
    await happen(posts, DISABLED, ada, ver=1)
    if is_long_ago:
        await forget(databases)
    assert await outcome(posts, databases, post) == ("draft", False, 2)
    assert (await posts.http.get(f"/posts/{post['id']}")).status_code == 404
    await happen(posts, ENABLED, ada, ver=2)
    assert await outcome(posts, databases, post) == ("draft", False, 2)
    ada.headers = ada.bearer()
    await until(lambda: is_accepted(posts, ada))
    draft = await read(posts, ada, post)
    assert (draft["state"], draft["published_at"]) == ("draft", None)
    assert [item["version"] for item in (await history(posts, ada, post))["items"]] == [2, 1]
    published = await change(posts, ada, post, state="published")
    assert (published["state"], published["version"]) == ("published", 3)
    assert published["published_at"] == published["updated_at"]


async def test_who_is_enabled_again_before_the_instant_is_published_as_scheduled(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post = await schedule(posts, ada)
    await happen(posts, DISABLED, ada, ver=1)
    await happen(posts, ENABLED, ada, ver=2)
    assert await outcome(posts, databases, post) == ("published", False, 2)


async def test_somebody_elses_disabled_account_keeps_nothing_from_being_published(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    post, theirs = await schedule(posts, ada), await schedule(posts, stranger)
    await happen(posts, DISABLED, stranger, ver=1)
    assert await outcome(posts, databases, post) == ("published", False, 2)
    assert await outcome(posts, databases, theirs) == ("draft", False, 2)


async def test_what_a_disabled_author_has_scheduled_otherwise_since_waits_for_its_own_job(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post = await schedule(posts, ada)
    scheduled = await change(posts, ada, post, published_at=ahead(days=2))
    await databases.execute("posts_app", "DELETE FROM posts.jobs WHERE run_at > now() + interval '36 hours'")
    await happen(posts, DISABLED, ada, ver=1)
    assert await outcome(posts, databases, post) == ("draft", True, scheduled["version"])


async def test_an_older_event_that_arrives_late_or_again_changes_nothing(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post = await schedule(posts, ada)
    older = event(posts, DISABLED, ada, ver=5)
    await happen(posts, ENABLED, ada, ver=6)
    for _ in range(2):
        await receive(posts.parts.receiver, older)
        await happen(posts, DISABLED, ada, ver=5)
        await forget(databases)
        assert not await is_disabled(databases, ada)
    assert await outcome(posts, databases, post) == ("published", False, 2)


async def test_an_older_disabling_that_is_sent_again_after_its_enabling_is_forgotten_ends_no_schedule(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post = await schedule(posts, ada)
    await happen(posts, DISABLED, ada, ver=5)
    await happen(posts, ENABLED, ada, ver=6)
    await forget(databases)
    await happen(posts, DISABLED, ada, ver=5)
    assert await outcome(posts, databases, post) == ("published", False, 2)


async def test_an_older_disabling_that_comes_after_the_card_of_somebody_who_was_enabled_changes_nothing(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    await happen(posts, ENABLED, ada, ver=6)
    post = await schedule(posts, ada)
    await happen(posts, DISABLED, ada, ver=5)
    assert not await is_disabled(databases, ada)
    await forget(databases)
    assert await outcome(posts, databases, post) == ("published", False, 2)


async def test_nothing_of_a_deleted_account_is_published_before_it_is_erased(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post = await schedule(posts, ada)
    await databases.execute("posts_app", REVOKED, "purged", ada.id)
    assert await outcome(posts, databases, post) == ("draft", False, 2)


async def test_nothing_of_a_deleted_account_is_published_however_long_its_erasure_takes(
    posts: Posts, databases: Databases, other: Database, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("posts_service.erasure.erasure.POSTS", 1)
    _, last = [await schedule(posts, ada) for _ in range(2)]
    async with other.begin() as db:
        assert await erase_portion(db, UUID(ada.id))
    assert await outcome(posts, databases, last) == ("draft", False, 2)


async def test_an_older_enabling_that_arrives_late_or_again_enables_nobody(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post = await schedule(posts, ada)
    await happen(posts, DISABLED, ada, ver=7)
    for _ in range(2):
        await happen(posts, ENABLED, ada, ver=6)
        await happen(posts, DISABLED, ada, ver=7)
        await happen(posts, ENABLED, ada, ver=6)
        await forget(databases)
        assert await is_disabled(databases, ada)
    assert await outcome(posts, databases, post) == ("draft", False, 2)


@pytest.mark.parametrize(("older", "newer"), [(ENABLED, DISABLED), (DISABLED, ENABLED)], ids=["disabled", "enabled"])
async def test_events_without_versions_are_told_apart_by_their_times(
    posts: Posts, databases: Databases, ada: Person, older: str, newer: str
) -> None:
    await schedule(posts, ada)
    now = posts.parts.clock.now()
    for kind, at in ((older, now - timedelta(days=1)), (newer, now), (older, now - timedelta(seconds=1))):
        await happen(posts, kind, ada, at=at)
    assert await is_disabled(databases, ada) == (newer == DISABLED)


async def test_a_refusal_that_is_committed_is_obeyed_before_its_event_has_come_onto_the_card(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post = await schedule(posts, ada)
    await databases.execute("posts_app", REVOKED, "disabled", ada.id)
    assert await outcome(posts, databases, post) == ("draft", False, 2)


async def test_nobody_who_has_no_card_gets_one_while_their_account_is_disabled(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    await happen(posts, DISABLED, ada, ver=1)
    posts.parts.receiver.revocations.replace(Revocations(900))
    body = {"title": "A title", "body": "", "published_at": ahead(days=1)}
    answer = await posts.http.post("/posts", json=body, headers=ada.headers)
    assert (answer.status_code, await count_rows(databases, ada)) == (401, 0)
    await happen(posts, ENABLED, ada, ver=2)
    posts.parts.receiver.revocations.replace(Revocations(900))
    assert (await posts.http.post("/posts", json=body, headers=ada.headers)).status_code == 201
    assert not await is_disabled(databases, ada)


def test_migration_disables_nobody_and_lets_the_previous_release_insert_cards(databases: Databases) -> None:
    fresh = Fresh(databases)
    try:
        MIGRATIONS.upgrade(fresh.url("posts_owner"), "0012")
        fresh.ask(INSERT_CARD.format("ada"))
        MIGRATIONS.upgrade(fresh.url("posts_owner"), "0013")
        fresh.ask(INSERT_CARD.format("eve"))
        assert fresh.ask(PLAIN_CARDS) == ["ada", "eve"]
    finally:
        fresh.drop()
