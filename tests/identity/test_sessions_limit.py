"""An account may have so many sessions: a sign-in beyond that ends the one that was used longest ago."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest

from identity_service.ending import MAX_ENDED_AT_ONCE
from tests.identity.answers import claims_of
from tests.identity.receivers import receiver_with_stream, session
from tests.identity.sessions_of_sign_ons import REQUEST, offer_openid, start
from tests.identity.signing_in import ensure_ended, ensure_live
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from watchword.testing import StandingClock

LIMIT = 3
LIVE = "SELECT id FROM identity.sessions WHERE ended_at IS NULL AND expires_at > now()"
ENDED = "SELECT id, end_reason FROM identity.sessions WHERE ended_at IS NOT NULL"
FILL = """
    INSERT INTO identity.sessions (user_id, client_id, scopes, audiences, created_at, last_seen_at, expires_at)
    SELECT users.id, 'web', '{}', '{}', now(), now() - interval '1 day', now() + interval '1 day'
    FROM identity.users, generate_series(1, $1)
"""


@pytest.fixture
async def limited(clean_databases: Databases, clock: StandingClock) -> AsyncIterator[Identity]:
    """The identity service in which an account may have three sessions."""
    async with services.identity(clean_databases, clock=clock, sessions_per_account=LIMIT) as service:
        yield service


async def sign_in(identity: Identity, clock: StandingClock, name: str = "ada") -> dict[str, str]:
    clock.advance(seconds=1)
    return await identity.sign_in(name, resource=IDENTITY_URL)


async def test_sign_in_beyond_the_limit_ends_the_session_used_longest_ago(
    limited: Identity, databases: Databases, clock: StandingClock
) -> None:
    user_id = await limited.register("ada")
    first, second, third = [await sign_in(limited, clock) for _ in range(LIMIT)]
    posts = await receiver_with_stream(limited)
    clock.advance(seconds=1)
    first = (await limited.refresh(first["refresh_token"], resource=IDENTITY_URL)).json()
    fourth = await sign_in(limited, clock)
    await ensure_ended(limited, second)
    for tokens in (first, third, fourth):
        await ensure_live(limited, tokens)
    sid = claims_of(second["access_token"])["sid"]
    ((kind, subject, claims),) = await posts.events()
    assert (kind, subject) == ("session-revoked", session(user_id, sid))
    assert (claims["initiating_entity"], claims["reason_admin"]) == (
        "policy",
        {"en": "more sessions than an account may have"},
    )
    (row,) = await databases.fetch("identity_app", ENDED)
    assert (str(row["id"]), row["end_reason"]) == (sid, "more sessions than an account may have")


async def test_application_without_refresh_tokens_ends_its_own_sessions_and_no_others(
    limited: Identity, databases: Databases, clock: StandingClock
) -> None:
    user_id = UUID(await limited.register("ada"))
    phone = await sign_in(limited, clock)
    await offer_openid(databases)
    for _ in range(2 * LIMIT):
        clock.advance(seconds=1)
        page = await start(limited, user_id, replace(REQUEST, gives_refresh_token=False))
    assert len(await databases.fetch("identity_app", ENDED)) == LIMIT + 1
    await ensure_live(limited, phone)
    assert (await limited.http.get("/users/me", headers=bearer(page["access_token"]))).status_code == 200


async def test_as_many_as_the_limit_end_none(limited: Identity, databases: Databases, clock: StandingClock) -> None:
    await limited.register("ada")
    for _ in range(LIMIT):
        await sign_in(limited, clock)
    assert await databases.fetch("identity_app", ENDED) == []


async def test_sessions_of_others_and_those_that_are_over_do_not_count(
    limited: Identity, databases: Databases, clock: StandingClock
) -> None:
    for name in ("ada", "eve"):
        await limited.register(name)
    ended, *live = [await sign_in(limited, clock) for _ in range(LIMIT)]
    await limited.http.delete("/sessions/current", headers=bearer(ended["access_token"]))
    live += [await sign_in(limited, clock, "eve") for _ in range(LIMIT)]
    live.append(await sign_in(limited, clock))
    for tokens in live:
        await ensure_live(limited, tokens)
    clock.advance(days=61)
    await limited.parts.keyring.check()
    for _ in range(LIMIT):
        await sign_in(limited, clock)
    assert len(await databases.fetch("identity_app", ENDED)) == 1


async def test_many_sign_ins_at_once_leave_no_more_than_the_limit(
    limited: Identity, databases: Databases, clock: StandingClock
) -> None:
    await limited.register("ada")
    await asyncio.gather(*(limited.sign_in("ada") for _ in range(4 * LIMIT)))
    assert len(await databases.fetch("identity_app", LIVE)) == LIMIT


async def test_account_far_beyond_the_limit_loses_some_sessions_with_each_sign_in(
    limited: Identity, databases: Databases, clock: StandingClock
) -> None:
    await limited.register("ada")
    here = await sign_in(limited, clock)
    await databases.execute("identity_owner", FILL, 25)
    posts = await receiver_with_stream(limited)
    for left in (17, 8, LIMIT, LIMIT):
        here = await sign_in(limited, clock)
        assert len(await databases.fetch("identity_app", LIVE)) == left
    assert MAX_ENDED_AT_ONCE == 10
    assert len(await posts.sets()) == 30 - LIMIT
    await ensure_live(limited, here)
