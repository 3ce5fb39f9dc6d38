"""GET /admin/sessions and DELETE /admin/users/{id}/sessions: where people are signed in, and signing them out."""

from typing import Any
from uuid import uuid4

import pytest

from identity_service.administration import Administration
from tests.admin.audit import acts
from tests.admin.callers import Headers, administrator
from tests.identity.answers import claims_of, ensure_problem
from tests.identity.browsing import browsing
from tests.identity.receivers import receiver_with_stream
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from watchword.database.windows import WINDOW
from watchword.testing import StandingClock

EXPIRED = """
    INSERT INTO identity.sessions (user_id, client_id, scopes, audiences, created_at, expires_at)
    SELECT $1, 'web', '{}', '{}', now(), now() - interval '1 hour' FROM generate_series(1, $2)
"""


def sid(tokens: dict[str, Any]) -> str:
    return str(claims_of(tokens["access_token"])["sid"])


async def page(identity: Identity, headers: Headers, **query: Any) -> dict[str, Any]:
    answer = await identity.http.get("/admin/sessions", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    body = dict(answer.json())
    assert ("link" in answer.headers) == (body["next"] is not None)
    return body


async def ids(identity: Identity, headers: Headers, **query: Any) -> list[str]:
    """The ids of the whole list."""
    body = await page(identity, headers, **query)
    listed = [item["id"] for item in body["items"]]
    while body["next"] is not None:
        body = await page(identity, headers, **query, cursor=body["next"])
        listed += [item["id"] for item in body["items"]]
    return listed


@pytest.mark.parametrize("limit", [1, 2, 20])
async def test_live_sessions_are_listed_the_newest_first(identity: Identity, grace: Headers, limit: int) -> None:
    ada, own = await identity.register("ada"), str(claims_of(grace["Authorization"][7:])["sid"])
    await identity.register("eve")
    first, second = await identity.sign_in("ada"), await identity.sign_in("eve")
    third, ended = await identity.sign_in("ada"), await identity.sign_in("ada", resource=IDENTITY_URL)
    await identity.http.delete("/sessions/current", headers=bearer(ended["access_token"]))
    assert await ids(identity, grace, limit=limit) == [sid(third), sid(second), sid(first), own]
    assert await ids(identity, grace, limit=limit, user=ada) == [sid(third), sid(first)]
    assert await ids(identity, grace, user=str(uuid4())) == []
    (item,) = (await page(identity, grace, user=ada, limit=1))["items"]
    assert (item["user"], item["client_id"]) == ({"id": ada, "username": "ada"}, "web")


async def test_page_looks_at_few_sessions_and_the_next_goes_on(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    ada = await identity.register("ada")
    tokens = await identity.sign_in("ada")
    await databases.execute("identity_owner", EXPIRED, ada, WINDOW)
    for query in ({}, {"user": ada}):
        first = await page(identity, grace, **query)
        assert (first["items"], first["next"] is None) == ([], False)
        assert (await ids(identity, grace, **query))[0] == sid(tokens)


async def test_cursor_is_that_of_its_list(identity: Identity, grace: Headers) -> None:
    await identity.register("ada")
    await identity.sign_in("ada")
    cursor = (await page(identity, grace, limit=1))["next"]
    query = {"cursor": cursor, "user": str(uuid4())}
    ensure_problem(await identity.http.get("/admin/sessions", params=query, headers=grace), 422, "invalid")


async def test_everything_of_a_user_ends_once_and_nothing_of_others(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    eve = await identity.signed_in("eve")
    async with browsing(identity, "ada") as browser:
        tokens = await identity.sign_in("ada", resource=IDENTITY_URL)
        ada, actor = str(claims_of(tokens["access_token"])["sub"]), str(claims_of(grace["Authorization"][7:])["sub"])
        posts = await receiver_with_stream(identity)
        for _ in range(2):
            answer = await identity.http.delete(f"/admin/users/{ada}/sessions", headers=grace)
            assert (answer.status_code, answer.content) == (204, b"")
        assert not await browser.is_signed_on()
    refused = await identity.http.get("/users/me", headers=bearer(tokens["access_token"]))
    ensure_problem(refused, 401, "unauthenticated")
    assert (await identity.http.get("/users/me", headers=eve)).status_code == 200
    assert await posts.kinds() == ["session-revoked"]
    before, after = {"sessions": 1, "sign_ons": 1}, {"sessions": 0, "sign_ons": 0}
    assert await acts(databases, ada) == [(actor, "user.sessions_ended", before, after)]
    assert (await identity.sign_in("ada"))["access_token"]


async def test_administrator_may_sign_themselves_out_everywhere(identity: Identity, grace: Headers) -> None:
    own = claims_of(grace["Authorization"][7:])["sub"]
    assert (await identity.http.delete(f"/admin/users/{own}/sessions", headers=grace)).status_code == 204
    ensure_problem(await identity.http.get(f"/admin/users/{own}", headers=grace), 401, "unauthenticated")


async def test_signing_somebody_out_needs_no_fresh_sign_in(identity_at: Identity, clock: StandingClock) -> None:
    ada = await identity_at.register("ada")
    await administrator(identity_at)
    tokens = await identity_at.sign_in("grace", client_id="administration")
    clock.advance(minutes=11)
    stale = (await identity_at.refresh(tokens["refresh_token"], client_id="administration")).json()
    headers = bearer(stale["access_token"])
    assert (await identity_at.http.delete(f"/admin/users/{ada}/sessions", headers=headers)).status_code == 204


async def test_nobody_has_this_id(identity: Identity, grace: Headers) -> None:
    answer = await identity.http.delete(f"/admin/users/{uuid4()}/sessions", headers=grace)
    ensure_problem(answer, 404, "user_not_found")


async def test_sessions_of_a_disabled_account_are_in_no_list(identity: Identity, grace: Headers) -> None:
    ada = await identity.register("ada")
    await identity.sign_in("ada")
    await Administration(identity.parts).set_active("ada", False)
    assert await ids(identity, grace, user=ada) == []
