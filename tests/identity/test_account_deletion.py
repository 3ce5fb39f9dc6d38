"""DELETE /users/me: the account with everything that belongs to it."""

import asyncio

from tests.identity.answers import ensure_oauth_error, ensure_problem, statuses
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer

REMAINING_ROWS = """
    SELECT (SELECT count(*) FROM identity.users) + (SELECT count(*) FROM identity.user_roles)
         + (SELECT count(*) FROM identity.sessions) + (SELECT count(*) FROM identity.refresh_tokens) AS number
"""


async def test_deleted_account_leaves_nothing(identity: Identity, databases: Databases) -> None:
    headers = await identity.signed_in("ada")
    user_id = (await identity.http.get("/users/me", headers=headers)).json()["id"]
    response = await identity.http.delete("/users/me", headers=headers)
    assert (response.status_code, response.content) == (204, b"")
    assert (await databases.fetch("identity_app", REMAINING_ROWS))[0]["number"] == 0
    ensure_problem(await identity.http.get(f"/users/{user_id}"), 404, "user_not_found")


async def test_tokens_of_a_deleted_account_are_refused(identity: Identity) -> None:
    await identity.register("ada")
    tokens = await identity.sign_in("ada", resource=IDENTITY_URL)
    await identity.http.delete("/users/me", headers=bearer(tokens["access_token"]))
    refused = await identity.http.get("/users/me", headers=bearer(tokens["access_token"]))
    ensure_problem(refused, 401, "unauthenticated")
    ensure_oauth_error(await identity.refresh(tokens["refresh_token"]), "invalid_grant")
    answer = await identity.token(grant_type="password", username="ada", password=PASSWORD)
    ensure_oauth_error(answer, "invalid_grant")


async def test_deleting_twice_is_unauthenticated_the_second_time(identity: Identity) -> None:
    headers = await identity.signed_in("ada")
    await identity.http.delete("/users/me", headers=headers)
    ensure_problem(await identity.http.delete("/users/me", headers=headers), 401, "unauthenticated")


async def test_email_of_a_deleted_account_is_free_again(identity: Identity) -> None:
    headers = await identity.signed_in("ada")
    first = (await identity.http.get("/users/me", headers=headers)).json()["id"]
    await identity.http.delete("/users/me", headers=headers)
    body = {"username": "lovelace", "email": "ada@example.com", "password": PASSWORD}
    assert (await identity.http.post("/users", json=body)).json()["id"] != first
    ensure_problem(await identity.http.get("/users/me", headers=headers), 401, "unauthenticated")


async def test_deletion_leaves_other_accounts_alone(identity: Identity) -> None:
    eve = await identity.signed_in("eve")
    await identity.http.delete("/users/me", headers=await identity.signed_in("ada"))
    assert (await identity.http.get("/users/me", headers=eve)).status_code == 200


async def test_simultaneous_deletions_and_refreshes_cause_no_server_error(identity: Identity) -> None:
    await identity.register("ada")
    tokens = await identity.sign_in("ada", resource=IDENTITY_URL)
    headers = bearer(tokens["access_token"])
    answers = await asyncio.gather(
        *(identity.refresh(tokens["refresh_token"]) for _ in range(10)),
        *(identity.http.delete("/users/me", headers=headers) for _ in range(10)),
        *(identity.token(grant_type="password", username="ada", password=PASSWORD) for _ in range(10)),
    )
    assert set(statuses(answers)) <= {200, 204, 400, 401}
    ensure_problem(await identity.http.get("/users/me", headers=headers), 401, "unauthenticated")
