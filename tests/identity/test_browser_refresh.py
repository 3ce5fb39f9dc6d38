"""POST /sessions/current/refresh: the refresh token in a browser's cookie is rotated like any other."""

import asyncio

import httpx
import pytest

from identity_service.administration import Administration
from identity_service.clients.drafts import ClientDraft
from tests.identity.answers import claims_of, ensure_problem, statuses
from tests.identity.test_browser import COOKIE, CROSS_SITE, PAGE, cookie_of, sign_in
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_SECRET, Identity, bearer
from watchword.testing import StandingClock

SESSIONS = "SELECT end_reason FROM identity.sessions"


async def signed_in(identity: Identity, **members: str) -> httpx.Response:
    await identity.register("ada")
    response = await sign_in(identity, **members)
    assert response.status_code == 201, response.text
    identity.http.cookies.clear()
    return response


async def refresh(identity: Identity, cookie: str | None, headers: object = PAGE) -> httpx.Response:
    fields = httpx.Headers(headers)  # type: ignore[arg-type] # a dict or a list of pairs
    if cookie is not None:
        fields["Cookie"] = f"{COOKIE}={cookie}"
    response = await identity.http.post("/sessions/current/refresh", headers=fields)
    identity.http.cookies.clear()
    return response


async def test_refresh_gives_another_access_token_and_another_cookie(identity_at: Identity) -> None:
    first = await signed_in(identity_at)
    second = await refresh(identity_at, cookie_of(first).value)
    assert (second.status_code, second.headers["cache-control"]) == (200, "no-store")
    assert set(second.json()) == {"access_token", "token_type", "expires_in", "scope"}
    before, after = (claims_of(one.json()["access_token"]) for one in (first, second))
    assert (before["sid"], before["sub"]) == (after["sid"], after["sub"])
    assert before["jti"] != after["jti"]
    assert cookie_of(second).value not in (cookie_of(first).value, second.text)


async def test_every_cookie_has_the_same_limits(identity: Identity) -> None:
    first = cookie_of(await signed_in(identity))
    second = cookie_of(await refresh(identity, first.value))
    limits = ("httponly", "samesite", "path", "secure", "domain")
    assert [first[limit] for limit in limits] == [second[limit] for limit in limits]
    assert second["expires"]


async def test_browser_itself_keeps_and_sends_the_cookie(identity: Identity) -> None:
    await identity.register("ada")
    await sign_in(identity)
    for _ in range(3):
        assert (await identity.http.post("/sessions/current/refresh", headers=PAGE)).status_code == 200


async def test_retry_within_ten_seconds_gets_the_same_cookie(identity_at: Identity, clock: StandingClock) -> None:
    spent = cookie_of(await signed_in(identity_at)).value
    first = await refresh(identity_at, spent)
    clock.advance(seconds=10)
    assert cookie_of(await refresh(identity_at, spent)).value == cookie_of(first).value


async def test_two_tabs_at_once_get_the_same_cookie(identity_at: Identity) -> None:
    spent = cookie_of(await signed_in(identity_at)).value
    answers = await asyncio.gather(*(refresh(identity_at, spent) for _ in range(10)))
    assert statuses(answers) == {200: 10}
    assert len({cookie_of(answer).value for answer in answers}) == 1


async def test_replayed_cookie_ends_the_session(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    spent = cookie_of(await signed_in(identity_at)).value
    latest = await refresh(identity_at, spent)
    clock.advance(seconds=11)
    ensure_problem(await refresh(identity_at, spent), 401, "not_signed_in")
    ensure_problem(await refresh(identity_at, cookie_of(latest).value), 401, "not_signed_in")
    headers = bearer(latest.json()["access_token"])
    ensure_problem(await identity_at.http.get("/users/me", headers=headers), 401, "unauthenticated")
    assert [row["end_reason"] for row in await databases.fetch("identity_app", SESSIONS)] == ["refresh token replayed"]


@pytest.mark.parametrize("headers", CROSS_SITE.values(), ids=CROSS_SITE.keys())
async def test_foreign_page_cannot_use_the_cookie(identity: Identity, headers: list[tuple[str, str]]) -> None:
    cookie = cookie_of(await signed_in(identity)).value
    refused = await refresh(identity, cookie, headers)
    ensure_problem(refused, 403, "cross_site")
    assert "set-cookie" not in refused.headers
    latest = await refresh(identity, cookie)
    assert latest.status_code == 200


@pytest.mark.parametrize("cookie", [None, "", "nonsense", "a.b.c", "x" * 10_000])
async def test_without_a_valid_cookie_one_has_to_sign_in_again(identity: Identity, cookie: str | None) -> None:
    await signed_in(identity)
    ensure_problem(await refresh(identity, cookie), 401, "not_signed_in")


async def test_access_token_is_no_cookie(identity: Identity) -> None:
    token = (await signed_in(identity)).json()["access_token"]
    ensure_problem(await refresh(identity, token), 401, "not_signed_in")


async def test_expired_cookie_is_refused(identity_at: Identity, clock: StandingClock) -> None:
    cookie = cookie_of(await signed_in(identity_at)).value
    clock.advance(days=14, seconds=6)
    ensure_problem(await refresh(identity_at, cookie), 401, "not_signed_in")


async def test_refresh_token_of_a_client_with_a_secret_is_no_cookie(identity: Identity) -> None:
    may = ["password", "refresh_token"], ["account"], [IDENTITY_URL]
    await Administration(identity.parts).create_client(
        ClientDraft("partner", "Partner", POSTS_SECRET, *may, is_first_party=True)
    )
    await identity.register("ada")
    secret = {"client_id": "partner", "client_secret": POSTS_SECRET}
    token = (await identity.sign_in("ada", **secret))["refresh_token"]
    ensure_problem(await refresh(identity, token), 401, "not_signed_in")
    assert (await identity.refresh(token, **secret)).status_code == 200


async def test_signing_out_clears_the_cookie(identity: Identity) -> None:
    first = await signed_in(identity, resource=IDENTITY_URL)
    signed_out = await identity.http.delete("/sessions/current", headers=bearer(first.json()["access_token"]))
    assert signed_out.status_code == 204
    cleared = cookie_of(signed_out)
    assert (cleared.value, cleared["max-age"], cleared["path"]) == ("", "0", cookie_of(first)["path"])
    ensure_problem(await refresh(identity, cookie_of(first).value), 401, "not_signed_in")
