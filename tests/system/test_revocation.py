"""posts obeys a logout, a ban or a lost role without calling identity for each request."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.support.person import Person
from tests.support.stack import Stack
from tests.support.waiting import until
from tests.system.conftest import NewPerson

JOB = "SELECT FROM posts.jobs WHERE kind = 'publish_post' AND payload ->> 'post_id' = $1"
DUE = """
    WITH due AS (
        UPDATE posts.jobs SET run_at = now() WHERE kind = 'publish_post' AND payload ->> 'post_id' = $1 RETURNING 1
    )
    SELECT pg_notify('posts_jobs', 'jobs') FROM due
"""


async def test_a_signed_out_session_is_refused_by_posts(
    running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada = await person()
    other = await Person(http, running, ada.username).sign_in()
    assert (await ada.publish()).status_code == 201
    await ada.sign_out()
    await until(lambda: refused(ada))
    assert (await other.publish()).status_code == 201


async def test_a_lost_role_ends_the_old_token_and_not_the_session(
    running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada, mia = await person("ada"), await person("mia")
    url = f"{running.posts}{(await ada.publish()).headers['Location']}"
    running.command("identity", "users", "set-roles", mia.username, "user", "moderator")
    await mia.refresh()
    why = {"reason": "A spelling mistake"}
    assert (await http.patch(url, params=why, json={"title": "Kept"}, headers=mia.headers)).status_code == 200
    running.command("identity", "users", "set-roles", mia.username, "user")
    await until(lambda: refused(mia))
    await mia.refresh()
    assert (await http.patch(url, json={"title": "Kept"}, headers=mia.headers)).status_code == 403
    assert (await mia.publish()).status_code == 201


async def test_a_disabled_account_is_refused_and_an_enabled_one_is_not(
    running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada = await person()
    url = f"{running.posts}{(await ada.publish()).headers['Location']}"
    running.command("identity", "users", "disable", ada.username)
    await until(lambda: refused(ada))
    assert (await http.get(url)).status_code == 200
    running.command("identity", "users", "enable", ada.username)

    async def publishes_again() -> bool:
        await ada.sign_in()
        return (await ada.publish()).status_code == 201

    await until(publishes_again)


async def test_what_a_disabled_account_has_scheduled_is_its_draft_when_it_is_enabled_again(
    running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada = await person()
    at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    post_id = (await ada.publish(published_at=at)).json()["id"]
    running.command("identity", "users", "disable", ada.username)
    await until(lambda: refused(ada))
    await running.databases.execute("posts_app", DUE, post_id)

    async def job_is_over() -> bool:
        return not await running.databases.fetch("posts_app", JOB, post_id)

    await until(job_is_over)
    running.command("identity", "users", "enable", ada.username)

    async def draft() -> dict[str, Any]:
        await ada.sign_in()
        return dict((await http.get(f"{running.posts}/posts/{post_id}", headers=ada.headers)).json())

    async def can_read() -> bool:
        return "state" in await draft()

    await until(can_read)
    post = await draft()
    assert (post["state"], post["published_at"], post["version"]) == ("draft", None, 2)


async def test_a_changed_password_ends_the_other_sessions_everywhere(
    running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada = await person()
    other = await Person(http, running, ada.username).sign_in()
    change = {"current_password": "correct horse battery", "new_password": "staple trombone violin"}
    done = await http.put(f"{running.identity}/users/me/password", json=change, headers=ada.identity_headers)
    assert done.status_code == 204
    await until(lambda: refused(other))
    assert (await ada.publish()).status_code == 201


async def test_a_new_name_comes_onto_the_card(running: Stack, http: httpx.AsyncClient, person: NewPerson) -> None:
    ada = await person()
    url = f"{running.posts}{(await ada.publish()).headers['Location']}"
    renamed = await http.patch(
        f"{running.identity}/users/me", json={"username": f"{ada.username}-l"}, headers=ada.identity_headers
    )
    assert renamed.status_code == 200

    async def card_is_new() -> bool:
        return bool((await http.get(url)).json()["author"]["username"] == f"{ada.username}-l")

    await until(card_is_new)


async def test_a_deleted_account_takes_its_posts_along_and_can_be_watched(
    running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada = await person()
    url = f"{running.posts}{(await ada.publish()).headers['Location']}"
    await ada.publish(state="draft")
    deleted = await http.delete(f"{running.identity}/users/me", headers=ada.identity_headers)
    assert deleted.status_code == 204
    receipt = f"{running.identity}{deleted.headers['Location']}"

    async def confirmed() -> bool:
        (posts,) = (await http.get(receipt)).json()["services"]
        return posts["service"] == "posts" and posts["confirmed_at"] is not None

    await until(confirmed)
    assert (await http.get(url)).status_code == 404
    assert await refused(ada)


async def test_a_token_revoked_while_posts_was_down_is_refused_from_the_first_answer_on(
    running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada = await person()
    assert (await ada.publish()).status_code == 201
    running.stop("posts")
    try:
        await ada.sign_out()
    finally:
        running.start("posts")
    assert await refused(ada)


async def test_no_guarded_request_asks_identity(running: Stack, http: httpx.AsyncClient, person: NewPerson) -> None:
    people = [await person() for _ in range(3)]
    before = len(running.log("identity"))
    for _ in range(50):
        for ada in people:
            assert (await ada.publish()).status_code == 201
            assert not await refused(ada)
    paths = {json.loads(line).get("path") for line in running.log("identity")[before:].splitlines()}
    polls = {path for path in paths if path is not None and path.startswith("/ssf/streams/")}
    assert paths - polls <= {None, "/.well-known/jwks.json", "/oauth/token"}


async def refused(ada: Person) -> bool:
    answer = await ada.http.get(f"{ada.stack.posts}/posts?state=draft", headers=ada.headers)
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 401
