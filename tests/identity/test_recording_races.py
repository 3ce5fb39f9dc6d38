"""A change and its security events are one transaction, however many changes happen at once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import asyncpg
import httpx
import pytest

from identity_service.accounts.models import ChangedAccount
from identity_service.administration import Administration
from identity_service.errors import UserNotFound
from tests.identity.answers import claims_of, ensure_problem, statuses
from tests.identity.receivers import receiver_with_stream
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer
from tests.support.waiting import until
from watchword.database.database import DatabaseUnavailable
from watchword.testing import StandingClock

AT_ONCE = 50
EVERYTHING = """
    SELECT (SELECT json_agg(u ORDER BY id) FROM identity.users u) AS users,
           (SELECT json_agg(r) FROM identity.user_roles r) AS roles,
           (SELECT json_agg(s ORDER BY id) FROM identity.sessions s) AS sessions,
           (SELECT count(*) FROM identity.stream_events) AS events,
           (SELECT count(*) FROM identity.audit_entries) AS audited
"""
BREAK = """
    CREATE FUNCTION identity.refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON identity.stream_events EXECUTE FUNCTION identity.refuse();
"""
MEND = "DROP FUNCTION IF EXISTS identity.refuse CASCADE"
BLOCKED = "SELECT FROM pg_locks WHERE NOT granted"

Act = Callable[[Identity, dict[str, str]], Coroutine[Any, Any, httpx.Response | ChangedAccount]]
ACTS: dict[str, Act] = {
    "logout": lambda identity, ada: identity.http.delete("/sessions/current", headers=ada),
    "password change": lambda identity, ada: identity.http.put(
        "/users/me/password",
        json={"current_password": PASSWORD, "new_password": "staple trombone violin"},
        headers=ada,
    ),
    "rename": lambda identity, ada: identity.http.patch("/users/me", json={"username": "lady"}, headers=ada),
    "deletion": lambda identity, ada: identity.http.delete("/users/me", headers=ada),
    "role change": lambda identity, _: Administration(identity.parts).set_roles("ada", ["moderator"]),
    "disabling": lambda identity, _: Administration(identity.parts).set_active("ada", False),
}


@pytest.fixture
async def owner_connection(databases: Databases) -> AsyncIterator[asyncpg.Connection]:
    """The owner's connection. Executing BREAK on it makes every insert of an event fail."""
    owner = await asyncpg.connect(databases.url("identity_owner"))
    yield owner
    await owner.execute(MEND)
    await owner.close()


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
async def test_change_whose_event_cannot_be_stored_does_not_happen(
    identity: Identity, databases: Databases, owner_connection: asyncpg.Connection, act: Act
) -> None:
    ada = await identity.signed_in("ada")
    await receiver_with_stream(identity)
    before = await databases.fetch("identity_owner", EVERYTHING)
    await owner_connection.execute(BREAK)
    with contextlib.suppress(DatabaseUnavailable):
        if isinstance(response := await act(identity, ada), httpx.Response):
            ensure_problem(response, 503, "database_unavailable")
    assert await databases.fetch("identity_owner", EVERYTHING) == before
    await owner_connection.execute(MEND)
    await act(identity, ada)
    assert await databases.fetch("identity_owner", EVERYTHING) != before


async def test_old_token_is_refused_and_the_refreshed_one_works_at_once(identity: Identity) -> None:
    await identity.register("ada")
    tokens = await identity.sign_in("ada", resource=IDENTITY_URL)
    await Administration(identity.parts).set_roles("ada", ["user", "moderator"])
    refused = await identity.http.get("/users/me", headers=bearer(tokens["access_token"]))
    ensure_problem(refused, 401, "unauthenticated")
    fresh = (await identity.refresh(tokens["refresh_token"])).json()["access_token"]
    assert (await identity.http.get("/users/me", headers=bearer(fresh))).status_code == 200
    second = (await identity.sign_in("ada", resource=IDENTITY_URL))["access_token"]
    assert (await identity.http.get("/users/me", headers=bearer(second))).status_code == 200


async def test_token_between_two_changes_of_one_second_is_refused(identity_at: Identity, clock: StandingClock) -> None:
    await identity_at.register("ada")
    tokens = await identity_at.sign_in("ada", resource=IDENTITY_URL)
    await Administration(identity_at.parts).set_roles("ada", ["user", "moderator"])
    between = (await identity_at.refresh(tokens["refresh_token"])).json()
    await Administration(identity_at.parts).set_roles("ada", ["user"])
    refused = await identity_at.http.get("/users/me", headers=bearer(between["access_token"]))
    ensure_problem(refused, 401, "unauthenticated")
    latest = (await identity_at.refresh(between["refresh_token"])).json()["access_token"]
    assert (await identity_at.http.get("/users/me", headers=bearer(latest))).status_code == 200


async def test_fifty_changes_and_refreshes_at_once_leave_no_token_with_old_roles(identity_at: Identity) -> None:
    await identity_at.register("ada")
    posts = await receiver_with_stream(identity_at)
    sessions = [await identity_at.sign_in("ada", resource=IDENTITY_URL) for _ in range(10)]
    kinds = ["user"], ["user", "moderator"]
    changes = [Administration(identity_at.parts).set_roles("ada", kinds[number % 2]) for number in range(AT_ONCE)]
    refreshes = [identity_at.refresh(tokens["refresh_token"]) for tokens in sessions * 5]
    mixed = [one for pair in zip(refreshes, changes, strict=True) for one in pair]
    answers = [answer for answer in await asyncio.gather(*mixed) if isinstance(answer, httpx.Response)]
    assert statuses(answers) == {200: AT_ONCE}
    changes_sent = [(event["ver"], event["claims"]["roles"]) for _, _, event in await posts.events()]
    assert len({version for version, _ in changes_sent}) == len(changes_sent) > 0
    (latest_version, latest_roles) = max(changes_sent)
    for answer in answers:
        claims = claims_of(answer.json()["access_token"])
        assert claims["ver"] < latest_version or claims["roles"] == latest_roles


async def test_command_for_a_name_that_is_given_up_meanwhile_does_not_change_its_former_owner(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    owner = await asyncpg.connect(databases.url("identity_owner"))
    async with owner.transaction():
        await owner.execute("UPDATE identity.users SET username = 'countess'")
        change = asyncio.create_task(Administration(identity.parts).set_active("ada", False))

        async def is_blocked() -> bool:
            return change.done() or len(await databases.fetch("identity_owner", BLOCKED)) > 0

        await until(is_blocked)
    await owner.close()
    with pytest.raises(UserNotFound):
        await change
    (row,) = await databases.fetch("identity_app", "SELECT is_active FROM identity.users")
    assert row["is_active"]


async def test_simultaneous_disabling_is_sent_once(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    posts = await receiver_with_stream(identity)
    await asyncio.gather(*(Administration(identity.parts).set_active("ada", False) for _ in range(8)))
    assert await posts.kinds() == ["account-disabled"]


@pytest.mark.parametrize(
    "meanwhile", ["DELETE FROM identity.streams", "UPDATE identity.streams SET status = 'disabled'"]
)
async def test_stream_that_is_removed_meanwhile_neither_fails_a_logout_nor_stores_its_event(
    identity: Identity, databases: Databases, meanwhile: str
) -> None:
    ada = await identity.signed_in("ada")
    await receiver_with_stream(identity)
    owner = await asyncpg.connect(databases.url("identity_owner"))
    async with owner.transaction():
        await owner.execute("SELECT FROM identity.streams FOR UPDATE")
        await owner.execute(meanwhile)
        logout = asyncio.create_task(identity.http.delete("/sessions/current", headers=ada))

        async def is_blocked() -> bool:
            return logout.done() or len(await databases.fetch("identity_owner", BLOCKED)) > 0

        await until(is_blocked)
    await owner.close()
    assert (await logout).status_code == 204
    assert await databases.fetch("identity_app", "SELECT FROM identity.stream_events") == []
