"""A refresh locks the user, the session and the token, in this order, and decides by what is true under the locks."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest

from identity_service.administration import Administration
from tests.identity.answers import claims_of, ensure_oauth_error
from tests.identity.signing_in import register_and_sign_in
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity
from tests.support.waiting import until
from watchword.testing import StandingClock

BLOCKED = "SELECT FROM pg_locks WHERE NOT granted"
SPENT = "SELECT FROM identity.refresh_tokens WHERE used_at IS NOT NULL"
LOCKS = {
    "user": "SELECT id FROM identity.users FOR UPDATE",
    "session": "SELECT id FROM identity.sessions FOR UPDATE",
    "token": "SELECT id FROM identity.refresh_tokens FOR UPDATE",
}
PASSWORD_GRANT = {"grant_type": "password", "username": "ada", "password": PASSWORD}
RAISE_VERSION = "UPDATE identity.users SET version = 7"
GIVE_ROLE = "INSERT INTO identity.user_roles SELECT id, 'moderator' FROM identity.users"
DISABLE = "UPDATE identity.users SET is_active = false"
END = "UPDATE identity.sessions SET ended_at = now(), end_reason = 'signed out'"
RECORDED_ENDS = "SELECT FROM identity.audit_entries WHERE action = 'session.ended'"
DELETE_USER = "DELETE FROM identity.users"


@asynccontextmanager
async def blocked_by(
    databases: Databases, request: Coroutine[None, None, httpx.Response], *changes: str
) -> AsyncIterator["asyncio.Task[httpx.Response]"]:
    """Make these changes in a transaction that ends with the block, which begins when the request waits for it."""
    owner = await asyncpg.connect(databases.url("identity_owner"))
    try:
        async with owner.transaction():
            for change in changes:
                await owner.execute(change)
            answer = asyncio.create_task(request)

            async def is_blocked() -> bool:
                return answer.done() or len(await databases.fetch("identity_owner", BLOCKED)) > 0

            await until(is_blocked)
            assert not answer.done()
            yield answer
    finally:
        await owner.close()


async def is_locked(databases: Databases, what: str) -> bool:
    return not await databases.fetch("identity_owner", f"{LOCKS[what]} SKIP LOCKED")


@pytest.mark.parametrize(
    ("held", "locked"), [("session", {"user", "session"}), ("token", {"user", "session", "token"})]
)
async def test_refresh_locks_the_user_then_the_session_then_the_token(
    identity: Identity, databases: Databases, held: str, locked: set[str]
) -> None:
    token = (await register_and_sign_in(identity))["refresh_token"]
    async with blocked_by(databases, identity.refresh(token), LOCKS[held]) as refresh:
        assert {what for what in LOCKS if await is_locked(databases, what)} == locked
    assert (await refresh).status_code == 200


@pytest.mark.parametrize("change", [DISABLE, END, DELETE_USER])
async def test_refresh_that_waited_for_a_change_obeys_it(identity: Identity, databases: Databases, change: str) -> None:
    token = (await register_and_sign_in(identity))["refresh_token"]
    async with blocked_by(databases, identity.refresh(token), change) as refresh:
        pass
    ensure_oauth_error(await refresh, "invalid_grant")
    assert await databases.fetch("identity_app", SPENT) == []


async def test_refresh_that_waited_for_a_change_of_roles_has_its_roles_and_version(
    identity: Identity, databases: Databases
) -> None:
    token = (await register_and_sign_in(identity))["refresh_token"]
    async with blocked_by(databases, identity.refresh(token), RAISE_VERSION, GIVE_ROLE) as refresh:
        pass
    claims = claims_of((await refresh).json()["access_token"])
    assert (claims["ver"], claims["roles"]) == (7, ["moderator", "user"])


async def test_sign_in_that_waited_for_a_change_of_roles_has_its_roles_and_version(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    async with blocked_by(databases, identity.token(**PASSWORD_GRANT), RAISE_VERSION, GIVE_ROLE) as sign_in:
        pass
    claims = claims_of((await sign_in).json()["access_token"])
    assert (claims["ver"], claims["roles"]) == (7, ["moderator", "user"])


async def test_replay_that_meets_the_end_of_its_session_records_no_second_end(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    await identity_at.register("ada")
    spent = (await identity_at.sign_in("ada"))["refresh_token"]
    await identity_at.refresh(spent)
    clock.advance(minutes=1)
    async with blocked_by(databases, identity_at.refresh(spent), END) as replay:
        pass
    ensure_oauth_error(await replay, "invalid_grant")
    (session,) = await databases.fetch("identity_app", "SELECT end_reason FROM identity.sessions")
    assert session["end_reason"] == "signed out"
    assert await databases.fetch("identity_owner", RECORDED_ENDS) == []


async def test_sign_in_that_waited_until_the_account_was_disabled_gets_no_session(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    async with blocked_by(databases, identity.token(**PASSWORD_GRANT), DISABLE) as sign_in:
        pass
    ensure_oauth_error(await sign_in, "invalid_grant")
    assert await databases.fetch("identity_app", "SELECT FROM identity.sessions") == []
    await Administration(identity.parts).set_active("ada", True)
    assert (await identity.sign_in("ada"))["token_type"] == "Bearer"
