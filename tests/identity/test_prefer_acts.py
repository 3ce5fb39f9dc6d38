"""`Prefer: wait=N`: an act that revokes is answered with which services obey it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest

from tests.identity.answers import claims_of
from tests.identity.receivers import Receiver, receiver, receiver_with_stream, stranger
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer
from tests.support.waiting import until

AUDIT = "SELECT actor, action, subject, detail FROM identity.audit_entries WHERE action = 'act.answered'"
ENDED = "SELECT FROM identity.sessions WHERE ended_at IS NOT NULL"
WAIT = {"Prefer": "wait=10"}
NOT_AT_ALL = {"Prefer": "wait=0"}
NEW_PASSWORD = {"current_password": PASSWORD, "new_password": "staple trombone violin"}

Tokens = dict[str, Any]
Act = Callable[[httpx.AsyncClient, Tokens, Tokens, dict[str, str]], Coroutine[Any, Any, httpx.Response]]


def sid(tokens: Tokens) -> str:
    return str(claims_of(tokens["access_token"])["sid"])


def own(tokens: Tokens, prefer: dict[str, str]) -> dict[str, str]:
    return {**bearer(tokens["access_token"]), **prefer}


# By whom: two sessions of one user, the first of which acts.
ACTS: dict[str, Act] = {
    "everywhere else": lambda http, here, _, prefer: http.delete("/sessions", headers=own(here, prefer)),
    "here": lambda http, here, _, prefer: http.delete("/sessions/current", headers=own(here, prefer)),
    "there": lambda http, here, there, prefer: http.delete(f"/sessions/{sid(there)}", headers=own(here, prefer)),
    "password": lambda http, here, _, prefer: http.put(
        "/users/me/password", json=NEW_PASSWORD, headers=own(here, prefer)
    ),
    "account": lambda http, here, _, prefer: http.delete("/users/me", headers=own(here, prefer)),
    "revocation": lambda http, _, there, prefer: http.post(
        "/oauth/revoke", data={"token": there["refresh_token"]}, headers=prefer
    ),
}
OF_USER = {"everywhere else", "password", "account"}

each_act = pytest.mark.parametrize("name", sorted(ACTS))


async def signed_in_twice(identity: Identity) -> tuple[Tokens, Tokens]:
    await identity.register("ada")
    return await identity.sign_in("ada", resource=IDENTITY_URL), await identity.sign_in("ada", resource=IDENTITY_URL)


async def answers(identity: Identity, name: str, prefer: dict[str, str]) -> httpx.Response:
    here, there = await signed_in_twice(identity)
    return await ACTS[name](identity.http, here, there, prefer)


def ensure_waited(answer: httpx.Response, seconds: int) -> dict[str, Any]:
    """The body of an answer that was waited for."""
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, f"wait={seconds}"), answer.text
    assert answer.headers["cache-control"] == "no-store"
    body = orjson.loads(answer.content)
    assert set(body) == {"obeyed", "outstanding"}
    return dict(body)


@asynccontextmanager
async def acknowledging(posts: Receiver) -> AsyncIterator[None]:
    """Have the receiver acknowledge everything that comes during the block."""

    async def acknowledge() -> None:
        while True:
            await posts.poll(ack=list(await posts.sets()), maxEvents=0)

    task = asyncio.create_task(acknowledge())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@each_act
async def test_act_that_every_service_obeys_names_them_all_and_the_answer_is_kept(
    identity: Identity, databases: Databases, name: str
) -> None:
    posts, feeds = await receiver_with_stream(identity), await stranger(identity)
    await feeds.create()
    here, there = await signed_in_twice(identity)
    async with acknowledging(posts), acknowledging(feeds):
        answer = await ACTS[name](identity.http, here, there, WAIT)
    body = ensure_waited(answer, 10)
    assert [one["service"] for one in body["obeyed"]] == ["feeds", "posts"]
    assert all(isinstance(one["after_ms"], int) and one["after_ms"] >= 0 for one in body["obeyed"])
    assert body["outstanding"] == []
    (row,) = await databases.fetch("identity_app", AUDIT)
    user_id = claims_of(here["access_token"])["sub"]
    subject = user_id if name in OF_USER else sid(here if name == "here" else there)
    assert (row["actor"], row["subject"]) == (user_id, subject)
    obeyed = {one["service"]: one["after_ms"] for one in body["obeyed"]}
    assert orjson.loads(row["detail"]) == {"wait": 10, "obeyed": obeyed, "outstanding": []}


@each_act
async def test_service_that_has_not_confirmed_is_outstanding_and_the_act_is_done(
    identity: Identity, databases: Databases, name: str
) -> None:
    await receiver_with_stream(identity)
    body = ensure_waited(await answers(identity, name, NOT_AT_ALL), 0)
    assert body == {"obeyed": [], "outstanding": ["posts"]}
    left = await databases.fetch("identity_app", "SELECT FROM identity.users")
    assert len(await databases.fetch("identity_app", ENDED)) == 1 or left == []
    (row,) = await databases.fetch("identity_app", AUDIT)
    assert orjson.loads(row["detail"]) == {"wait": 0, "obeyed": {}, "outstanding": ["posts"]}


@each_act
@pytest.mark.parametrize("prefer", [{}, {"Prefer": "respond-async"}, {"Prefer": "wait=soon"}], ids=str)
async def test_act_of_a_caller_who_does_not_wait_is_answered_as_ever(
    identity: Identity, databases: Databases, name: str, prefer: dict[str, str]
) -> None:
    await receiver_with_stream(identity)
    answer = await answers(identity, name, prefer)
    assert (answer.status_code, answer.content) == (200 if name == "revocation" else 204, b"")
    assert "preference-applied" not in answer.headers
    assert await databases.fetch("identity_app", AUDIT) == []


async def test_longest_wait_is_ten_seconds(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    async with acknowledging(posts):
        ensure_waited(await answers(identity, "here", {"Prefer": "wait=3600"}), 10)


async def test_answer_keeps_the_other_fields_of_its_operation(identity: Identity) -> None:
    here, _ = await signed_in_twice(identity)
    deleted = await ACTS["account"](identity.http, here, here, NOT_AT_ALL)
    assert deleted.headers["location"].startswith("/account-deletions/")


@pytest.mark.parametrize("name", ["everywhere else", "there", "revocation"])
async def test_act_that_has_nothing_to_change_is_obeyed_by_nobody_and_not_audited(
    identity: Identity, databases: Databases, name: str
) -> None:
    await receiver_with_stream(identity)
    here, there = await signed_in_twice(identity)
    await identity.http.delete("/sessions", headers=bearer(here["access_token"]))
    body = ensure_waited(await ACTS[name](identity.http, here, there, WAIT), 10)
    assert body == {"obeyed": [], "outstanding": []}
    assert await databases.fetch("identity_app", AUDIT) == []


async def test_disabled_stream_is_outstanding(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    await posts.set_status("disabled")
    body = ensure_waited(await answers(identity, "here", WAIT), 10)
    assert body == {"obeyed": [], "outstanding": ["posts"]}


async def test_act_on_one_replica_waits_for_what_another_one_is_told(identity: Identity, databases: Databases) -> None:
    await receiver_with_stream(identity)
    async with services.identity(databases) as other:
        elsewhere = await receiver(other)
        elsewhere.stream_id = (await elsewhere.request("GET", "/ssf/streams")).json()[0]["stream_id"]
        async with acknowledging(elsewhere):
            body = ensure_waited(await answers(identity, "here", WAIT), 10)
    assert [one["service"] for one in body["obeyed"]] == ["posts"]


async def test_refused_act_is_not_waited_for(identity: Identity, databases: Databases) -> None:
    here, _ = await signed_in_twice(identity)
    other = "01890000-0000-7000-8000-000000000000"
    answer = await identity.http.delete(f"/sessions/{other}", headers=own(here, WAIT))
    assert (answer.status_code, "preference-applied" in answer.headers) == (404, False)
    assert await databases.fetch("identity_app", AUDIT) == []


async def test_pages_of_other_origins_may_send_the_preference_and_read_that_it_was_applied(identity: Identity) -> None:
    asking = {
        "Origin": services.POSTS_URL,
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "authorization, prefer",
    }
    allowed = await identity.http.options("/sessions/current", headers=asking)
    assert allowed.status_code == 200
    assert "prefer" in allowed.headers["access-control-allow-headers"].lower()
    here, _ = await signed_in_twice(identity)
    answer = await identity.http.delete(
        "/sessions/current", headers={**own(here, NOT_AT_ALL), "Origin": services.POSTS_URL}
    )
    assert "Preference-Applied" in answer.headers["access-control-expose-headers"]


async def test_answer_that_cannot_be_kept_is_given_all_the_same(identity: Identity, databases: Databases) -> None:
    here, _ = await signed_in_twice(identity)
    posts = await receiver_with_stream(identity)
    waiting = asyncio.create_task(ACTS["here"](identity.http, here, here, WAIT))

    async def is_committed() -> bool:
        return len(await databases.fetch("identity_app", ENDED)) > 0

    await until(is_committed)
    await databases.execute("identity_owner", "REVOKE INSERT ON identity.audit_entries FROM identity_app")
    try:
        await posts.poll(ack=list(await posts.sets()), maxEvents=0)
        body = ensure_waited(await waiting, 10)
    finally:
        await databases.execute("identity_owner", "GRANT INSERT ON identity.audit_entries TO identity_app")
    assert [one["service"] for one in body["obeyed"]] == ["posts"]
