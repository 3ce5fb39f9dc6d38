"""grant_type=refresh_token: each refresh token is used once (RFC 9700 section 4.14.2)."""

import asyncio
from typing import Any

import pytest

from identity_service.ending import EndReason
from tests.identity.answers import claims_of, ensure_oauth_error, ensure_problem, statuses
from tests.identity.signing_in import register_and_sign_in
from tests.support.databases import Databases
from tests.support.services import Identity, bearer
from watchword.testing import StandingClock

AT_ONCE = 50
SESSIONS = "SELECT ended_at, end_reason FROM identity.sessions"
TOKENS = "SELECT id, used_at, successor_id FROM identity.refresh_tokens"


async def trade(identity: Identity, refresh_token: str) -> dict[str, Any]:
    response = await identity.refresh(refresh_token)
    assert response.status_code == 200, response.text
    return dict(response.json())


async def test_refresh_gives_another_pair_of_the_same_session(identity_at: Identity) -> None:
    first = await register_and_sign_in(identity_at)
    second = await trade(identity_at, first["refresh_token"])
    assert set(second) == set(first)
    for kind in ("access_token", "refresh_token"):
        before, after = claims_of(first[kind]), claims_of(second[kind])
        assert before["jti"] != after["jti"]
        assert [before[name] for name in ("sub", "sid", "client_id", "aud")] == [
            after[name] for name in ("sub", "sid", "client_id", "aud")
        ]
    me = await identity_at.http.get("/users/me", headers=bearer(second["access_token"]))
    assert me.status_code == 200


async def test_chain_of_refreshes_is_one_family(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    token = (await register_and_sign_in(identity_at))["refresh_token"]
    for _ in range(20):
        clock.advance(minutes=9)
        token = (await trade(identity_at, token))["refresh_token"]
    rows = await databases.fetch("identity_app", TOKENS)
    assert len(rows) == 21
    assert [str(row["id"]) for row in rows if row["successor_id"] is None] == [claims_of(token)["jti"]]


@pytest.mark.parametrize("seconds", [0, 5, 10])
async def test_retry_within_ten_seconds_gets_the_same_successor(
    identity_at: Identity, clock: StandingClock, seconds: int
) -> None:
    spent = (await register_and_sign_in(identity_at))["refresh_token"]
    first = await trade(identity_at, spent)
    clock.advance(seconds=seconds)
    assert (await trade(identity_at, spent))["refresh_token"] == first["refresh_token"]


async def test_replay_after_the_window_ends_the_session(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    first = await register_and_sign_in(identity_at)
    second = await trade(identity_at, first["refresh_token"])
    clock.advance(seconds=10.001)
    ensure_oauth_error(await identity_at.refresh(first["refresh_token"]), "invalid_grant")
    rows = await databases.fetch("identity_app", SESSIONS)
    assert [(row["ended_at"], row["end_reason"]) for row in rows] == [(clock.now(), EndReason.REPLAY)]
    ensure_oauth_error(await identity_at.refresh(second["refresh_token"]), "invalid_grant")
    for tokens in (first, second):
        refused = await identity_at.http.get("/users/me", headers=bearer(tokens["access_token"]))
        ensure_problem(refused, 401, "unauthenticated")


async def test_replay_of_an_ancestor_ends_the_session(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    ancestor = token = (await register_and_sign_in(identity_at))["refresh_token"]
    for _ in range(3):
        token = (await trade(identity_at, token))["refresh_token"]
    clock.advance(minutes=1)
    ensure_oauth_error(await identity_at.refresh(ancestor), "invalid_grant")
    ensure_oauth_error(await identity_at.refresh(token), "invalid_grant")
    assert [row["end_reason"] for row in await databases.fetch("identity_app", SESSIONS)] == [EndReason.REPLAY]


async def test_replay_ends_one_session_and_no_other(identity_at: Identity, clock: StandingClock) -> None:
    spent = (await register_and_sign_in(identity_at))["refresh_token"]
    other = await identity_at.sign_in("ada")
    await trade(identity_at, spent)
    clock.advance(minutes=1)
    await identity_at.refresh(spent)
    await trade(identity_at, other["refresh_token"])


async def test_fifty_refreshes_at_once_get_one_successor(identity_at: Identity, databases: Databases) -> None:
    token = (await register_and_sign_in(identity_at))["refresh_token"]
    answers = await asyncio.gather(*(identity_at.refresh(token) for _ in range(AT_ONCE)))
    assert statuses(answers) == {200: AT_ONCE}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    rows = await databases.fetch("identity_app", TOKENS)
    assert len(rows) == 2
    await trade(identity_at, answers[0].json()["refresh_token"])


async def test_fifty_replays_at_once_end_the_session_once(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    spent = (await register_and_sign_in(identity_at))["refresh_token"]
    await trade(identity_at, spent)
    clock.advance(minutes=1)
    answers = await asyncio.gather(*(identity_at.refresh(spent) for _ in range(AT_ONCE)))
    assert statuses(answers) == {400: AT_ONCE}
    rows = await databases.fetch("identity_app", SESSIONS)
    assert [(row["ended_at"], row["end_reason"]) for row in rows] == [(clock.now(), EndReason.REPLAY)]


async def test_refreshes_of_many_sessions_at_once_do_not_disturb_each_other(identity_at: Identity) -> None:
    await identity_at.register("ada")
    tokens = [(await identity_at.sign_in("ada"))["refresh_token"] for _ in range(10)]
    answers = await asyncio.gather(*(identity_at.refresh(token) for token in tokens * 5))
    assert statuses(answers) == {200: AT_ONCE}
    assert len({answer.json()["refresh_token"] for answer in answers}) == len(tokens)
