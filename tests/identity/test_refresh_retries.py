"""A refresh token that is presented again: an honest retry leads to the unspent token, anything else is a replay."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from identity_service.ending import EndReason
from tests.identity.answers import claims_of, ensure_oauth_error, statuses
from tests.identity.signing_in import register_and_sign_in
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Identity
from watchword.testing import StandingClock

ENDINGS = "SELECT end_reason FROM identity.sessions WHERE ended_at IS NOT NULL"
UNSPENT = "SELECT id FROM identity.refresh_tokens WHERE used_at IS NULL"
ELSEWHERE = {"resource": "http://elsewhere.example"}
TWO_RESOURCES = {"resource": [services.IDENTITY_URL, services.POSTS_URL]}
LENGTHEN = """
    WITH spent AS (
        INSERT INTO identity.refresh_tokens (session_id, issued_at, expires_at, used_at, successor_id)
        SELECT session_id, issued_at, expires_at, issued_at, NULL
        FROM identity.refresh_tokens, generate_series(1, 10000) WHERE used_at IS NULL
        RETURNING id)
    SELECT count(*) FROM spent
"""


@pytest.fixture
async def once(clean_databases: Databases) -> AsyncIterator[Identity]:
    """The identity service under the true clock, with no time for retries."""
    async with services.identity(clean_databases, refresh_retry_seconds=0) as service:
        yield service


async def trade(identity: Identity, refresh_token: str, **form: str) -> dict[str, Any]:
    response = await identity.refresh(refresh_token, **form)
    assert response.status_code == 200, response.text
    return dict(response.json())


async def test_retry_leads_to_the_unspent_end_of_the_chain(identity_at: Identity, clock: StandingClock) -> None:
    chain = [(await register_and_sign_in(identity_at))["refresh_token"]]
    for _ in range(4):
        clock.advance(seconds=2)
        chain.append((await trade(identity_at, chain[-1]))["refresh_token"])
    for spent in chain[:-1]:
        assert (await trade(identity_at, spent))["refresh_token"] == chain[-1]
    await trade(identity_at, chain[-1])


async def test_late_answer_that_overwrites_a_cookie_does_no_harm(identity_at: Identity, clock: StandingClock) -> None:
    first = (await register_and_sign_in(identity_at))["refresh_token"]
    second = (await trade(identity_at, first))["refresh_token"]
    latest = (await trade(identity_at, second))["refresh_token"]
    # Another tab retries with the first; its answer comes last, and is what the browser keeps.
    cookie = (await trade(identity_at, first))["refresh_token"]
    assert cookie == latest
    clock.advance(minutes=9)
    await trade(identity_at, cookie)


async def test_window_begins_with_the_first_use_of_the_token_that_is_presented(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    first = (await register_and_sign_in(identity_at))["refresh_token"]
    second = (await trade(identity_at, first))["refresh_token"]
    clock.advance(seconds=6)
    third = (await trade(identity_at, second))["refresh_token"]
    # A retry of the first neither prolongs its own time, nor counts as a use of another.
    assert (await trade(identity_at, first))["refresh_token"] == third
    clock.advance(seconds=6)
    assert (await trade(identity_at, second))["refresh_token"] == third
    assert await databases.fetch("identity_app", ENDINGS) == []
    ensure_oauth_error(await identity_at.refresh(first), "invalid_grant")
    assert [row["end_reason"] for row in await databases.fetch("identity_app", ENDINGS)] == [EndReason.REPLAY]
    ensure_oauth_error(await identity_at.refresh(third), "invalid_grant")


async def test_retries_and_rotations_at_once_leave_one_unspent_token(
    identity_at: Identity, databases: Databases
) -> None:
    first = (await register_and_sign_in(identity_at))["refresh_token"]
    second = (await trade(identity_at, first))["refresh_token"]
    answers = await asyncio.gather(*(identity_at.refresh(token) for token in (first, second) * 20))
    assert statuses(answers) == {200: 40}
    (row,) = await databases.fetch("identity_app", UNSPENT)
    assert await databases.fetch("identity_app", ENDINGS) == []
    last = (await trade(identity_at, first))["refresh_token"]
    assert claims_of(last)["jti"] == str(row["id"])


async def test_retry_after_ten_thousand_rotations_is_answered(identity_at: Identity, databases: Databases) -> None:
    first = (await register_and_sign_in(identity_at))["refresh_token"]
    last = (await trade(identity_at, first))["refresh_token"]
    assert [row["count"] for row in await databases.fetch("identity_app", LENGTHEN)] == [10_000]
    assert (await trade(identity_at, first))["refresh_token"] == last


async def test_without_a_window_one_of_twenty_refreshes_at_once_succeeds(once: Identity, databases: Databases) -> None:
    token = (await register_and_sign_in(once))["refresh_token"]
    answers = await asyncio.gather(*(once.refresh(token) for _ in range(20)))
    assert statuses(answers) == {200: 1, 400: 19}
    assert [row["end_reason"] for row in await databases.fetch("identity_app", ENDINGS)] == [EndReason.REPLAY]


async def test_without_a_window_a_second_use_at_the_same_instant_is_a_replay(clean_databases: Databases) -> None:
    async with services.identity(clean_databases, clock=StandingClock(), refresh_retry_seconds=0) as identity:
        token = (await register_and_sign_in(identity))["refresh_token"]
        await trade(identity, token)
        ensure_oauth_error(await identity.refresh(token), "invalid_grant")


@pytest.mark.parametrize("form", [{"scope": "nonsense"}, ELSEWHERE, TWO_RESOURCES])
async def test_replay_is_a_replay_whatever_else_is_requested(
    identity_at: Identity, databases: Databases, clock: StandingClock, form: dict[str, Any]
) -> None:
    spent = (await register_and_sign_in(identity_at))["refresh_token"]
    latest = (await trade(identity_at, spent))["refresh_token"]
    clock.advance(minutes=1)
    ensure_oauth_error(await identity_at.refresh(spent, **form), "invalid_grant")
    assert [row["end_reason"] for row in await databases.fetch("identity_app", ENDINGS)] == [EndReason.REPLAY]
    ensure_oauth_error(await identity_at.refresh(latest), "invalid_grant")


@pytest.mark.parametrize(
    ("form", "error"),
    [({"scope": "nonsense"}, "invalid_scope"), (ELSEWHERE, "invalid_target"), (TWO_RESOURCES, "invalid_target")],
)
async def test_unspent_token_with_which_too_much_is_requested_stays_unspent(
    identity_at: Identity, databases: Databases, clock: StandingClock, form: dict[str, Any], error: str
) -> None:
    token = (await register_and_sign_in(identity_at))["refresh_token"]
    for _ in range(2):
        ensure_oauth_error(await identity_at.refresh(token, **form), error)
        clock.advance(minutes=1)
    (row,) = await databases.fetch("identity_app", UNSPENT)
    assert str(row["id"]) == claims_of(token)["jti"]
    await trade(identity_at, token)
