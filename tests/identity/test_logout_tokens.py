"""A client that has registered for it gets a logout token for each of its sessions that ends, whatever ends it."""

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from identity_service.administration import Administration
from tests.identity.answers import claims_of, header_of
from tests.identity.hook import Hook
from tests.identity.logging_out import (
    EVENT,
    NOTES,
    add_client,
    has_failed,
    jobs,
    no_jobs,
    notes_at,
    sids_at,
    tokens_at,
    until_done,
    verified,
)
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer
from tests.support.waiting import until


@pytest.fixture
async def notes(identity: Identity, databases: Databases) -> AsyncIterator[Hook]:
    """The endpoint of the client `notes`."""
    async with notes_at(identity, databases) as endpoint:
        yield endpoint


async def sign_in(identity: Identity, client: dict[str, str] = NOTES) -> dict[str, str]:
    """A session of Ada at this client, with an access token for identity."""
    return await identity.sign_in("ada", resource=IDENTITY_URL, **client)


def sid_of(tokens: dict[str, str]) -> str:
    return str(claims_of(tokens["access_token"])["sid"])


async def test_logout_token_says_which_session_of_whom_has_ended_and_another_library_verifies_it(
    identity: Identity, notes: Hook
) -> None:
    ada = await identity.register("ada")
    tokens = await sign_in(identity)
    await identity.http.delete("/sessions/current", headers=bearer(tokens["access_token"]))
    await until(lambda: len(notes.tokens) == 1)
    assert "content-type: application/x-www-form-urlencoded" in notes.heads[0].lower()
    (token,) = tokens_at(notes)
    assert header_of(token)["typ"] == "logout+jwt"
    claims = await verified(identity, token, "notes")
    assert (claims["sub"], claims["sid"], claims["events"]) == (ada, sid_of(tokens), {EVENT: {}})
    assert claims["exp"] - claims["iat"] == 120
    assert claims.keys() == {"iss", "aud", "iat", "exp", "jti", "events", "sub", "sid"}
    assert (await identity.http.get("/users/me", headers=bearer(token))).status_code == 401


async def test_each_client_gets_one_token_for_each_of_its_sessions_and_others_get_none(
    identity: Identity, databases: Databases, notes: Hook
) -> None:
    await identity.register("ada")
    await identity.register("bob")
    await identity.sign_in("bob", **NOTES)
    await add_client(identity, databases, "deaf", None)
    sessions = [await sign_in(identity) for _ in range(3)]
    await sign_in(identity, {**NOTES, "client_id": "deaf"})
    own = await sign_in(identity, {})
    answer = await identity.http.delete("/sessions", headers=bearer(own["access_token"]))
    assert answer.status_code == 204
    await until(lambda: no_jobs(databases))
    assert sids_at(notes) == sorted(sid_of(tokens) for tokens in sessions)
    assert identity.parts.logout_delivery.outcomes == {"sent": 3, "refused": 0, "unregistered": 0}


Act = Callable[[Identity, dict[str, str]], Awaitable[object]]


async def revoke(identity: Identity, tokens: dict[str, str]) -> None:
    await identity.http.post("/oauth/revoke", data={"token": tokens["refresh_token"], **NOTES})


async def end_by_owner(identity: Identity, tokens: dict[str, str]) -> None:
    own = await sign_in(identity, {})
    await identity.http.delete(f"/sessions/{sid_of(tokens)}", headers=bearer(own["access_token"]))


async def replay(identity: Identity, tokens: dict[str, str]) -> None:
    statement = "UPDATE identity.refresh_tokens SET used_at = now() - interval '1 hour' WHERE used_at IS NOT NULL"
    await identity.refresh(tokens["refresh_token"], **NOTES)
    async with identity.parts.database.begin() as db:
        await (await db.connection()).exec_driver_sql(statement)
    assert (await identity.refresh(tokens["refresh_token"], **NOTES)).status_code == 400


async def change_password(identity: Identity, _: dict[str, str]) -> None:
    own = await sign_in(identity, {})
    body = {"current_password": PASSWORD, "new_password": "another correct horse"}
    answer = await identity.http.put("/users/me/password", json=body, headers=bearer(own["access_token"]))
    assert answer.status_code == 204, answer.text


async def disable(identity: Identity, _: dict[str, str]) -> None:
    await Administration(identity.parts).set_active("ada", False)


async def delete_account(identity: Identity, _: dict[str, str]) -> None:
    own = await sign_in(identity, {})
    answer = await identity.http.delete("/users/me", headers=bearer(own["access_token"]))
    assert answer.status_code in (202, 204), answer.text


@pytest.mark.parametrize("act", [revoke, end_by_owner, replay, change_password, disable, delete_account])
async def test_whatever_ends_a_session_its_client_gets_one_token(
    identity: Identity, databases: Databases, notes: Hook, act: Act
) -> None:
    await identity.register("ada")
    tokens = await sign_in(identity)
    await act(identity, tokens)
    await act_again_in_vain(identity, tokens)
    await until(lambda: no_jobs(databases))
    assert sids_at(notes) == [sid_of(tokens)]


async def act_again_in_vain(identity: Identity, tokens: dict[str, str]) -> None:
    """What has ended does not end again."""
    await revoke(identity, tokens)
    await identity.http.delete("/sessions/current", headers=bearer(tokens["access_token"]))


async def test_session_that_lost_its_place_is_reported(clean_databases: Databases) -> None:
    async with (
        services.identity(clean_databases, sessions_per_account=1) as identity,
        notes_at(identity, clean_databases) as notes,
    ):
        await identity.register("ada")
        first = await sign_in(identity)
        await sign_in(identity)
        await until(lambda: no_jobs(clean_databases))
        assert sids_at(notes) == [sid_of(first)]


async def test_change_that_is_refused_or_rolled_back_reports_nothing(
    identity: Identity, databases: Databases, notes: Hook
) -> None:
    await identity.register("ada")
    tokens = await sign_in(identity)
    body = {"current_password": "wrong", "new_password": "another correct horse"}
    await identity.http.put("/users/me/password", json=body, headers=bearer(tokens["access_token"]))
    await identity.http.delete("/sessions/current")
    assert await jobs(databases) == []
    assert notes.tokens == []


async def test_sessions_of_an_account_without_a_refresh_token_are_reported_when_it_is_deleted(
    identity: Identity, databases: Databases, notes: Hook
) -> None:
    """Such sessions are deleted in portions before the account, unless their client is to be told."""
    await identity.register("ada")
    tokens = await sign_in(identity)
    await databases.execute("identity_owner", "DELETE FROM identity.refresh_tokens")
    await delete_account(identity, tokens)
    await until(lambda: no_jobs(databases))
    assert sids_at(notes) == [sid_of(tokens)]


async def test_jobs_and_logs_name_no_person(
    identity: Identity, databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with notes_at(identity, databases, 503, 400) as notes:
        ada = await identity.register("ada")
        tokens = await sign_in(identity)
        await delete_account(identity, tokens)
        await until(lambda: has_failed(databases))
        (job,) = await jobs(databases)
        await until_done(identity, databases)
    assert json.loads(job["payload"]) == {"client_id": "notes", "sub": ada, "sid": sid_of(tokens)}
    logged = " ".join(
        f"{record.getMessage()} {record.__dict__}" for record in caplog.records if "logout" in record.name
    )
    secrets = [tokens["access_token"], tokens["refresh_token"], *tokens_at(notes)]
    assert not any(secret in logged for secret in ["ada@", "'ada'", *secrets])
