"""GET /sessions: where you are signed in."""

from typing import Any

import pytest

from tests.identity.answers import claims_of, ensure_problem
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer
from watchword.testing import StandingClock


async def sign_in_from(identity: Identity, device: bytes) -> dict[str, Any]:
    form = {"grant_type": "password", "username": "ada", "password": PASSWORD, "resource": IDENTITY_URL}
    response = await identity.http.post("/oauth/token", data=form, headers={b"User-Agent": device})
    assert response.status_code == 200, response.text
    return dict(response.json())


async def sessions(identity: Identity, tokens: dict[str, Any]) -> list[dict[str, Any]]:
    response = await identity.http.get("/sessions", headers=bearer(tokens["access_token"]))
    assert response.status_code == 200, response.text
    return list(response.json())


async def test_session_is_shown_with_its_client_device_and_times(identity_at: Identity, clock: StandingClock) -> None:
    await identity_at.register("ada")
    tokens = await sign_in_from(identity_at, b"Firefox on the desk")
    (shown,) = await sessions(identity_at, tokens)
    assert shown["id"] == claims_of(tokens["access_token"])["sid"]
    assert (shown["client_id"], shown["device"], shown["address"]) == ("web", "Firefox on the desk", "127.0.0.1")
    assert shown["created_at"] == shown["last_seen_at"] == clock.now().isoformat().replace("+00:00", "Z")
    assert shown["current"] is True


async def test_users_see_only_their_own_sessions(identity: Identity) -> None:
    await identity.register("ada")
    await identity.register("eve")
    ada, eve = (
        await identity.sign_in("ada", resource=IDENTITY_URL),
        await identity.sign_in("eve", resource=IDENTITY_URL),
    )
    assert [one["id"] for one in await sessions(identity, ada)] == [claims_of(ada["access_token"])["sid"]]
    assert [one["id"] for one in await sessions(identity, eve)] == [claims_of(eve["access_token"])["sid"]]


async def test_the_most_recently_seen_comes_first_and_one_is_current(
    identity_at: Identity, clock: StandingClock
) -> None:
    await identity_at.register("ada")
    tokens = []
    for device in (b"first", b"second", b"third"):
        tokens.append(await sign_in_from(identity_at, device))
        clock.advance(seconds=1)
    shown = await sessions(identity_at, tokens[1])
    assert [(one["device"], one["current"]) for one in shown] == [("third", False), ("second", True), ("first", False)]


async def test_refresh_moves_last_seen_and_the_place_in_the_list(identity_at: Identity, clock: StandingClock) -> None:
    await identity_at.register("ada")
    first = await sign_in_from(identity_at, b"first")
    clock.advance(minutes=1)
    second = await sign_in_from(identity_at, b"second")
    clock.advance(minutes=1)
    assert (await identity_at.refresh(first["refresh_token"])).status_code == 200
    shown = await sessions(identity_at, second)
    assert [one["device"] for one in shown] == ["first", "second"]
    assert shown[0]["last_seen_at"] == clock.now().isoformat().replace("+00:00", "Z")
    assert shown[0]["created_at"] < shown[1]["created_at"]


async def test_ended_and_expired_sessions_are_not_shown(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    await sign_in_from(identity, b"expired")
    await databases.execute("identity_owner", "UPDATE identity.sessions SET expires_at = now()")
    ended = await sign_in_from(identity, b"ended")
    await identity.http.delete("/sessions/current", headers=bearer(ended["access_token"]))
    shown = await sessions(identity, await sign_in_from(identity, b"live"))
    assert [one["device"] for one in shown] == ["live"]


DEVICES = {
    "NUL": (b"before\x00after", "beforeafter"),
    "nothing but NUL": (b"\x00", None),
    "empty": (b"", None),
    "10 kB": (b"x" * 10_240, "x" * 200),
    "not UTF-8": (b"\xff\xfe", "\xff\xfe"),
}


@pytest.mark.parametrize(("user_agent", "shown_as"), DEVICES.values(), ids=DEVICES.keys())
async def test_any_user_agent_signs_in_and_is_shown_shortened(
    identity: Identity, user_agent: bytes, shown_as: str | None
) -> None:
    await identity.register("ada")
    (shown,) = await sessions(identity, await sign_in_from(identity, user_agent))
    assert shown["device"] == shown_as


async def test_session_shows_exactly_these_members(identity: Identity) -> None:
    await identity.register("ada")
    (shown,) = await sessions(identity, await identity.sign_in("ada", resource=IDENTITY_URL))
    assert set(shown) == {
        *("id", "client_id", "sign_on_id", "device", "address"),
        *("created_at", "last_seen_at", "expires_at", "current"),
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/sessions"), ("DELETE", "/sessions"), ("DELETE", "/sessions/current"), ("DELETE", "/sessions/nonsense")],
)
async def test_sessions_need_a_token(identity: Identity, method: str, path: str) -> None:
    ensure_problem(await identity.http.request(method, path), 401, "unauthenticated")


async def test_cookie_of_the_previous_release_signs_nobody_in_and_is_left_alone(identity: Identity) -> None:
    await identity.register("ada")
    token = (await identity.sign_in("ada"))["refresh_token"]
    fields = {"Cookie": f"watchword_refresh_8001={token}", "Origin": IDENTITY_URL, "X-Requested-With": "page"}
    for method, path, status in (
        ("POST", "/sessions", 405),
        ("POST", "/sessions/current/refresh", 404),
        ("GET", "/sessions", 401),
        ("GET", "/account", 303),
    ):
        answer = await identity.http.request(method, path, headers=fields)
        assert (answer.status_code, "set-cookie" in answer.headers) == (status, False), path
    assert (await identity.refresh(token)).status_code == 200
