"""PUT /users/me/password."""

import asyncio

import httpx
import pytest

from identity_service.ending import EndReason
from tests.identity.answers import ensure_oauth_error, ensure_problem, pointers, statuses
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer

OTHER = "staple battery horse"


async def change(identity: Identity, headers: dict[str, str], current: object, new: object) -> httpx.Response:
    body = {"current_password": current, "new_password": new}
    return await identity.http.put("/users/me/password", json=body, headers=headers)


async def test_new_password_takes_the_place_of_the_old_one(identity: Identity) -> None:
    headers = await identity.signed_in("ada")
    assert (await change(identity, headers, PASSWORD, OTHER)).status_code == 204
    await identity.sign_in("ada", OTHER)
    refused = await identity.token(grant_type="password", username="ada", password=PASSWORD)
    ensure_oauth_error(refused, "invalid_grant")


@pytest.mark.parametrize("current", ["wrong horse battery", "x", "x" * 256])
async def test_current_password_must_be_right(identity: Identity, current: str) -> None:
    headers = await identity.signed_in("ada")
    ensure_problem(await change(identity, headers, current, OTHER), 403, "wrong_password")
    await identity.sign_in("ada", PASSWORD)


@pytest.mark.parametrize("new", ["password", "ada@example.com", "short", "x" * 257, None, "correct\x00horse battery"])
async def test_new_password_must_be_acceptable(identity: Identity, new: object) -> None:
    headers = await identity.signed_in("ada")
    assert pointers(await change(identity, headers, PASSWORD, new)) == ["/body/new_password"]
    await identity.sign_in("ada", PASSWORD)


async def test_password_change_ends_every_other_session(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    current, other = (
        await identity.sign_in("ada", resource=IDENTITY_URL),
        await identity.sign_in("ada", resource=IDENTITY_URL),
    )
    await change(identity, bearer(current["access_token"]), PASSWORD, OTHER)
    ensure_oauth_error(await identity.refresh(other["refresh_token"]), "invalid_grant")
    refused = await identity.http.get("/users/me", headers=bearer(other["access_token"]))
    ensure_problem(refused, 401, "unauthenticated")
    rows = await databases.fetch("identity_app", "SELECT end_reason FROM identity.sessions ORDER BY created_at")
    assert [row["end_reason"] for row in rows] == [None, EndReason.PASSWORD_CHANGED]


async def test_password_change_keeps_the_session_it_came_from(identity: Identity) -> None:
    await identity.register("ada")
    current = await identity.sign_in("ada", resource=IDENTITY_URL)
    await change(identity, bearer(current["access_token"]), PASSWORD, OTHER)
    assert (await identity.refresh(current["refresh_token"])).status_code == 200
    assert (await identity.http.get("/users/me", headers=bearer(current["access_token"]))).status_code == 200


async def test_password_change_leaves_other_users_sessions_alone(identity: Identity) -> None:
    eve = await identity.signed_in("eve")
    ada = await identity.signed_in("ada")
    await change(identity, ada, PASSWORD, OTHER)
    assert (await identity.http.get("/users/me", headers=eve)).status_code == 200


async def test_one_of_ten_changes_at_once_wins(identity: Identity) -> None:
    headers = await identity.signed_in("ada")
    passwords = [f"{OTHER} number {number}" for number in range(10)]
    answers = await asyncio.gather(*(change(identity, headers, PASSWORD, new) for new in passwords))
    assert statuses(answers)[204] == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code != 204} <= {
        "password_changed",
        "wrong_password",
    }
    winner = next(new for new, answer in zip(passwords, answers, strict=True) if answer.status_code == 204)
    await identity.sign_in("ada", winner)


async def test_sign_in_that_began_before_the_change_gets_no_session(identity: Identity, databases: Databases) -> None:
    headers = await identity.signed_in("ada")
    answers = await asyncio.gather(
        change(identity, headers, PASSWORD, OTHER),
        *(identity.token(grant_type="password", username="ada", password=PASSWORD) for _ in range(20)),
    )
    assert answers[0].status_code == 204
    rows = await databases.fetch("identity_app", "SELECT 1 FROM identity.sessions WHERE ended_at IS NULL")
    assert len(rows) == 1
