"""An account with thousands of sessions: each act that ends them is one event, and nobody else waits for it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
import httpx
import pytest

from identity_service.accounts.models import ChangedAccount
from identity_service.administration import Administration
from tests.identity.answers import claims_of
from tests.identity.obeying import ObeyingService
from tests.identity.receivers import Receiver, receiver_with_stream, session
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer
from tests.support.waiting import until

SESSIONS = 6_000
FILL = """
    INSERT INTO identity.sessions (user_id, client_id, scopes, audiences, created_at, expires_at)
    SELECT id, 'web', '{}', '{}', now(), now() + interval '1 day' FROM identity.users, generate_series(1, $1)
    WHERE username = 'ada'
"""
HOLD_ONE = """
    SELECT FROM identity.sessions JOIN identity.users ON users.id = user_id WHERE username = 'ada' AND ended_at IS NULL
    ORDER BY sessions.id DESC LIMIT 1 FOR UPDATE OF sessions
"""
AUDITED = "SELECT count(*) AS number, count(DISTINCT subject) AS subjects FROM identity.audit_entries WHERE action = $1"
BLOCKED = "SELECT FROM pg_locks WHERE NOT granted"

Act = Callable[[Identity, dict[str, str]], Coroutine[Any, Any, httpx.Response | ChangedAccount]]
ACTS: dict[str, tuple[Act, list[str], int]] = {
    "sign-out everywhere else": (
        lambda identity, ada: identity.http.delete("/sessions", headers=ada),
        ["session-revoked"],
        SESSIONS,
    ),
    "password change": (
        lambda identity, ada: identity.http.put(
            "/users/me/password",
            json={"current_password": PASSWORD, "new_password": "staple trombone violin"},
            headers=ada,
        ),
        ["credential-change", "session-revoked"],
        SESSIONS,
    ),
    "disabling": (
        lambda identity, _: Administration(identity.parts).set_active("ada", False),
        ["account-disabled", "session-revoked"],
        SESSIONS + 1,
    ),
    "deletion": (
        lambda identity, ada: identity.http.delete("/users/me", headers=ada),
        ["account-purged"],
        0,
    ),
}

each_act = pytest.mark.parametrize(("act", "kinds", "audited"), ACTS.values(), ids=ACTS.keys())


async def with_many_sessions(identity: Identity, databases: Databases) -> dict[str, str]:
    """Register ada, who has thousands of sessions and this one; its Authorization header."""
    headers = await identity.signed_in("ada")
    await databases.execute("identity_owner", FILL, SESSIONS)
    return headers


@each_act
async def test_ending_thousands_of_sessions_is_one_event(
    identity: Identity, databases: Databases, act: Act, kinds: list[str], audited: int
) -> None:
    ada = await with_many_sessions(identity, databases)
    posts = await receiver_with_stream(identity)
    answer = await act(identity, ada)
    assert isinstance(answer, ChangedAccount) or answer.status_code == 204, answer
    assert await posts.kinds() == kinds
    (entries,) = await databases.fetch("identity_app", AUDITED, "session.ended")
    assert (entries["number"], entries["subjects"]) == (audited, audited)


async def sign_out(identity: Identity, person: dict[str, str]) -> None:
    assert (await identity.http.delete("/sessions/current", headers=person)).status_code == 204


async def has_received(posts: Receiver, subject: Any) -> bool:
    return subject in [about for _, about, _ in await posts.events()]


async def test_sign_out_of_another_user_waits_for_no_lock_of_it(identity: Identity, databases: Databases) -> None:
    ada = await with_many_sessions(identity, databases)
    eve = await identity.signed_in("eve")
    posts = await receiver_with_stream(identity)
    eve_claims = claims_of(eve["Authorization"])
    owner = await asyncpg.connect(databases.url("identity_owner"))
    async with owner.transaction():
        # One of the six thousand is held by another connection, so that the act stands still in its midst.
        await owner.execute(HOLD_ONE)
        act = asyncio.create_task(identity.http.delete("/sessions", headers=ada))

        async def is_blocked() -> bool:
            return act.done() or len(await databases.fetch("identity_owner", BLOCKED)) > 0

        await until(is_blocked)
        await sign_out(identity, eve)
        assert await has_received(posts, session(eve_claims["sub"], eve_claims["sid"]))
        assert not act.done()
    await owner.close()
    assert (await act).status_code == 204
    assert await posts.kinds() == ["session-revoked", "session-revoked"]


async def test_sign_out_of_another_user_right_after_it_is_obeyed_with_the_next_events(
    identity: Identity, databases: Databases
) -> None:
    ada = await with_many_sessions(identity, databases)
    await identity.register("eve")
    posts = await ObeyingService.of(identity)
    eve = await identity.sign_in("eve")
    headers = bearer((await identity.refresh(eve["refresh_token"], resource=IDENTITY_URL)).json()["access_token"])
    assert (await identity.http.delete("/sessions", headers=ada)).status_code == 204
    await sign_out(identity, headers)
    await posts.receive()
    assert not await posts.accepts(eve["access_token"])
    assert len(posts.revocations) == 2
