"""Signing in again in the same browser ends the session that it had."""

import asyncio

import pytest

from tests.identity.answers import claims_of, ensure_problem
from tests.identity.receivers import receiver_with_stream, session
from tests.identity.test_browser import COOKIE, PAGE, cookie_of, sign_in
from tests.identity.test_browser_refresh import refresh
from tests.support.databases import Databases
from tests.support.services import Identity, bearer

REASONS = "SELECT id, end_reason FROM identity.sessions ORDER BY created_at, id"
REPLACED = "signed in again in the same browser"


async def reasons(databases: Databases) -> list[str | None]:
    return [row["end_reason"] for row in await databases.fetch("identity_app", REASONS)]


async def test_session_of_the_browser_ends_with_its_event(identity: Identity, databases: Databases) -> None:
    user_id = await identity.register("ada")
    posts = await receiver_with_stream(identity)
    first, second = await sign_in(identity), await sign_in(identity)
    assert await reasons(databases) == [REPLACED, None]
    ((kind, subject, _),) = await posts.events()
    sid = claims_of(first.json()["access_token"])["sid"]
    assert (kind, subject) == ("session-revoked", session(user_id, sid))
    refused = await identity.http.get("/users/me", headers=bearer(first.json()["access_token"]))
    ensure_problem(refused, 401, "unauthenticated")
    ensure_problem(await refresh(identity, cookie_of(first).value), 401, "not_signed_in")
    assert (await refresh(identity, cookie_of(second).value)).status_code == 200


async def test_session_of_another_user_in_the_same_browser_ends(identity: Identity, databases: Databases) -> None:
    eve = await identity.register("eve")
    await identity.register("ada")
    await sign_in(identity, username="eve")
    posts = await receiver_with_stream(identity)
    await sign_in(identity)
    assert await reasons(databases) == [REPLACED, None]
    ((_, subject, _),) = await posts.events()
    assert subject["user"]["sub"] == eve


async def test_other_browsers_stay_signed_in(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    for _ in range(2):
        await sign_in(identity)
        identity.http.cookies.clear()
    await identity.sign_in("ada")
    assert await reasons(databases) == [None, None, None]


async def test_refused_sign_in_ends_nothing(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    first = await sign_in(identity)
    ensure_problem(await sign_in(identity, password="wrong battery horse"), 401, "not_signed_in")
    assert await reasons(databases) == [None]
    assert (await refresh(identity, cookie_of(first).value)).status_code == 200


@pytest.mark.parametrize("cookie", ["", "nonsense", "a.b.c", "access token", "another client's"])
async def test_invalid_cookie_does_not_keep_anybody_from_signing_in(
    identity: Identity, databases: Databases, cookie: str
) -> None:
    await identity.register("ada")
    tokens = await identity.sign_in("ada")
    value = {"access token": tokens["access_token"]}.get(cookie, cookie)
    response = await sign_in(identity, {**PAGE, "Cookie": f"{COOKIE}={value}"})
    assert response.status_code == 201
    assert await reasons(databases) == [None, None]


async def test_signing_in_twice_at_once_ends_the_session_once(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    cookie = cookie_of(await sign_in(identity)).value
    posts = await receiver_with_stream(identity)
    headers = {**PAGE, "Cookie": f"{COOKIE}={cookie}"}
    answers = await asyncio.gather(*(sign_in(identity, headers) for _ in range(5)), refresh(identity, cookie))
    assert [answer.status_code for answer in answers[:5]] == [201] * 5
    assert (await reasons(databases)).count(REPLACED) == 1
    assert await posts.kinds() == ["session-revoked"]


async def test_two_people_who_swap_browsers_do_not_wait_for_each_other(identity: Identity) -> None:
    for name in ("ada", "eve"):
        await identity.register(name)
    for _ in range(5):
        cookies = []
        for name in ("ada", "eve"):
            cookies.append(cookie_of(await sign_in(identity, username=name)).value)
            identity.http.cookies.clear()
        swapped = [
            sign_in(identity, {**PAGE, "Cookie": f"{COOKIE}={cookie}"}, username=name)
            for name, cookie in zip(("eve", "ada"), cookies, strict=True)
        ]
        assert [answer.status_code for answer in await asyncio.gather(*swapped)] == [201, 201]
