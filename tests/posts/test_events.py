"""What the issuer's security events do to posts: a purged author leaves nothing, a new name comes onto the card."""

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from posts_service.events.effects import EFFECTS
from tests.posts.people import Person
from tests.posts.summaries import public_part_of
from tests.support.databases import Databases
from tests.support.events import receive
from tests.support.services import Posts
from tests.support.waiting import until
from watchword.auth import Revocations
from watchword.events.security_event import ReceivedEvent
from watchword.events.types import EventType

RACES = 50
REVOKED = "INSERT INTO posts.revocations VALUES ($1, $2, 9007199254740992, now() + interval '1 hour')"


def event(posts: Posts, kind: str, person: Person, **options: object) -> ReceivedEvent:
    """The arguments are those of `ReceivedEvent`, or claims of the event."""
    at = options.pop("at", posts.parts.clock.now())
    session_id = options.pop("session_id", None)
    assert isinstance(at, datetime)
    assert session_id is None or isinstance(session_id, str)
    claims = {name.replace("_", "-"): value for name, value in options.items()}
    return ReceivedEvent(uuid4().hex, kind, person.id, session_id, claims, at)


async def happen(posts: Posts, kind: str, person: Person, **options: object) -> None:
    await receive(posts.parts.receiver, event(posts, kind, person, **options))


async def count_rows(databases: Databases, person: Person) -> int:
    """The number of rows of this author."""
    of_theirs = """SELECT id FROM posts.posts WHERE author_id = $1::text::uuid
        UNION ALL SELECT id FROM posts.authors WHERE id = $1::text::uuid"""
    return len(await databases.fetch("posts_app", of_theirs, person.id))


async def is_refused(posts: Posts, person: Person) -> bool:
    answer = await posts.http.get("/posts?state=draft", headers=person.headers)
    return answer.status_code == 401


async def test_a_purged_account_takes_posts_drafts_and_card_along_and_nobody_elses(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    for state in ("published", "draft"):
        await posts.publish(ada.headers, state=state)
    theirs = await posts.publish(stranger.headers)
    await happen(posts, EventType.ACCOUNT_PURGED, ada)
    assert (await count_rows(databases, ada), await count_rows(databases, stranger)) == (0, 2)
    listed = (await posts.http.get("/posts")).json()["items"]
    assert [post["id"] for post in listed] == [theirs["id"]]


async def test_a_purged_accounts_token_publishes_nothing_even_if_the_revocation_is_not_known_yet(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    await happen(posts, EventType.ACCOUNT_PURGED, ada)
    posts.parts.receiver.revocations.replace(Revocations(900))
    answer = await posts.http.post("/posts", json={"title": "A title", "body": ""}, headers=ada.headers)
    assert (answer.status_code, await count_rows(databases, ada)) == (401, 0)


@pytest.mark.parametrize("posts_before", [0, 1])
async def test_a_post_written_while_its_author_is_purged_never_survives(
    posts: Posts, databases: Databases, ada: Person, posts_before: int
) -> None:
    draft = {"title": "A title", "body": ""}
    seen: set[int] = set()
    for number in range(RACES):
        author = Person(ada.issuer, f"ada{number}")
        for _ in range(posts_before):
            await posts.publish(author.headers)
        writing = [asyncio.create_task(posts.http.post("/posts", json=draft, headers=author.headers)) for _ in range(3)]
        # Begun a step later each time, so that it meets the writing at every point.
        for _ in range(number):
            await asyncio.sleep(0)
        await happen(posts, EventType.ACCOUNT_PURGED, author)
        seen |= {answer.status_code for answer in await asyncio.gather(*writing)}
        assert await count_rows(databases, author) == 0
    assert seen <= {201, 401}


async def test_a_lock_on_a_post_of_a_deleted_author_holds_up_nobody_else(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    await posts.publish(stranger.headers)
    locking = await asyncpg.connect(databases.url("posts_owner"))
    async with locking.transaction():
        await locking.execute("SELECT FROM posts.posts WHERE id = $1::text::uuid FOR UPDATE", post["id"])
        erasing = asyncio.create_task(happen(posts, EventType.ACCOUNT_PURGED, ada))
        await until(lambda: is_refused(posts, ada))
        await happen(posts, EventType.ACCOUNT_DISABLED, stranger)
        await until(lambda: is_refused(posts, stranger))
        await until(lambda: posts.parts.receiver.effect_failures[EventType.ACCOUNT_PURGED] > 0)
        assert (await posts.http.get(f"/posts/{post['id']}")).status_code == 200
        assert not erasing.done()
    await locking.close()
    await erasing
    assert await count_rows(databases, ada) == 0


async def test_a_new_name_comes_onto_the_card_and_onto_every_post(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    later = posts.parts.clock.now() + timedelta(seconds=5)
    await happen(posts, EventType.IDENTIFIER_CHANGED, ada, new_value="countess", at=later)
    read = await posts.http.get(f"/posts/{post['id']}")
    assert read.json()["author"] == {"id": ada.id, "username": "countess"}


async def test_an_older_name_does_not_come_back(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    now = posts.parts.clock.now()
    for name, seconds in (("newest", 10), ("older", 5), ("oldest", -5)):
        at = now + timedelta(seconds=seconds)
        await happen(posts, EventType.IDENTIFIER_CHANGED, ada, new_value=name, at=at)
    await posts.publish(ada.headers)
    read = await posts.http.get(f"/posts/{post['id']}")
    assert read.json()["author"]["username"] == "newest"


@pytest.mark.parametrize("new_value", [None, 5, ["ada"], {"en": "ada"}])
async def test_a_new_name_that_is_no_text_changes_nothing(posts: Posts, ada: Person, new_value: object) -> None:
    post = await posts.publish(ada.headers)
    later = posts.parts.clock.now() + timedelta(seconds=5)
    await happen(posts, EventType.IDENTIFIER_CHANGED, ada, new_value=new_value, at=later)
    assert (await posts.http.get(f"/posts/{post['id']}")).json() == public_part_of(post)


@pytest.mark.parametrize("kind", EFFECTS)
async def test_an_event_about_somebody_who_wrote_nothing_makes_no_card(
    posts: Posts, databases: Databases, ada: Person, kind: str
) -> None:
    await happen(posts, kind, ada, new_value="countess")
    assert await count_rows(databases, ada) == 0


@pytest.mark.parametrize("kind", EFFECTS)
async def test_an_event_about_no_person_has_no_effect(posts: Posts, ada: Person, kind: str) -> None:
    post = await posts.publish(ada.headers)
    other_spellings = (ada.id.upper(), f"{{{ada.id}}}", ada.id.replace("-", ""), f"urn:uuid:{ada.id}")
    for subject in ("posts", "", ada.id[:-1], None, *other_spellings):
        received = ReceivedEvent(uuid4().hex, kind, subject, None, {"new-value": "x"}, posts.parts.clock.now())
        await receive(posts.parts.receiver, received)
    assert (await posts.http.get(f"/posts/{post['id']}")).json() == public_part_of(post)


async def test_a_revoked_session_is_refused_on_guarded_routes_and_another_is_not(posts: Posts, ada: Person) -> None:
    ada.headers = ada.bearer(claims={"sid": "first"})
    await happen(posts, EventType.SESSION_REVOKED, ada, session_id="first")
    await until(lambda: is_refused(posts, ada))
    ada.headers = ada.bearer(claims={"sid": "second"})
    assert not await is_refused(posts, ada)


async def test_tokens_from_before_a_change_of_claims_are_refused_and_those_from_after_are_not(
    posts: Posts, ada: Person
) -> None:
    now = posts.parts.clock.now()
    ada.headers = ada.bearer(claims={"iat": int(now.timestamp()) - 1})
    await happen(posts, EventType.TOKEN_CLAIMS_CHANGE, ada, at=now)
    await until(lambda: is_refused(posts, ada))
    ada.headers = ada.bearer(claims={"iat": int(now.timestamp()) + 1})
    assert not await is_refused(posts, ada)


async def test_a_disabled_account_is_refused_keeps_its_posts_and_is_accepted_again(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    await happen(posts, EventType.ACCOUNT_DISABLED, ada)
    await until(lambda: is_refused(posts, ada))
    assert (await posts.http.get(f"/posts/{post['id']}")).status_code == 200
    await happen(posts, EventType.ACCOUNT_ENABLED, ada)

    async def is_accepted() -> bool:
        return not await is_refused(posts, ada)

    await until(is_accepted)


async def test_every_guarded_operation_refuses_a_revoked_session(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    await happen(posts, EventType.ACCOUNT_DISABLED, ada)
    await until(lambda: is_refused(posts, ada))
    url = f"/posts/{post['id']}"
    calls = [("POST", "/posts"), ("PATCH", url), ("DELETE", url), ("GET", url), ("GET", "/posts")]
    answers = [await posts.http.request(method, path, headers=ada.headers) for method, path in calls]
    assert {answer.status_code for answer in answers} == {401}
    assert (await posts.http.get(url)).json() == public_part_of(post)


async def test_what_is_in_the_table_is_obeyed_without_any_notification(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    await databases.execute("posts_app", REVOKED, "disabled", ada.id)
    await until(lambda: is_refused(posts, ada))
