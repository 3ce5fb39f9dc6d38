"""GET and PATCH /users/me, and the card that everybody sees."""

from uuid import uuid4

import pytest

from identity_service.administration import Administration
from tests.identity.answers import ensure_problem, pointers
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer

MEMBERS = {
    *("id", "username", "email", "full_name", "state", "roles", "permissions"),
    *("email_verified", "created_at", "updated_at"),
}


async def test_account_is_shown_to_its_owner(identity: Identity) -> None:
    headers = await identity.signed_in("ada")
    response = await identity.http.get("/users/me", headers=headers)
    assert response.status_code == 200
    assert response.json()["username"] == "ada"
    assert response.json()["email"] == "ada@example.com"
    assert set(response.json()) == MEMBERS


async def test_account_shows_its_roles_permissions_and_state(identity: Identity) -> None:
    headers = await identity.signed_in("ada")
    account = (await identity.http.get("/users/me", headers=headers)).json()
    assert (account["roles"], account["permissions"], account["state"]) == (["user"], [], "active")
    await Administration(identity.parts).set_roles("ada", ["user", "moderator"])
    headers = bearer((await identity.sign_in("ada", resource=IDENTITY_URL))["access_token"])
    account = (await identity.http.get("/users/me", headers=headers)).json()
    assert account["roles"] == ["moderator", "user"]
    assert "post:edit_any" in account["permissions"]
    assert account["permissions"] == sorted(account["permissions"])


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_account_is_not_shown_without_a_token(identity: Identity, method: str) -> None:
    response = await identity.http.request(method, "/users/me")
    ensure_problem(response, 401, "unauthenticated")
    assert response.headers["www-authenticate"] == 'Bearer realm="watchword"'


async def test_card_of_a_user_shows_id_and_username_and_nothing_else(identity: Identity) -> None:
    user_id = await identity.register("ada")
    response = await identity.http.get(f"/users/{user_id}")
    assert response.status_code == 200
    assert response.json() == {"id": user_id, "username": "ada"}


async def test_unknown_user_is_not_found(identity: Identity) -> None:
    ensure_problem(await identity.http.get(f"/users/{uuid4()}"), 404, "user_not_found")


async def test_disabled_user_is_not_shown(identity: Identity, databases: Databases) -> None:
    user_id = await identity.register("ada")
    await databases.execute("identity_owner", "UPDATE identity.users SET is_active = false")
    ensure_problem(await identity.http.get(f"/users/{user_id}"), 404, "user_not_found")


@pytest.mark.parametrize("user_id", ["0", "ada", "%00", "%ff", "'; DROP TABLE users; --"])
async def test_malformed_id_is_refused(identity: Identity, user_id: str) -> None:
    assert pointers(await identity.http.get(f"/users/{user_id}")) == ["/path/user_id"]


async def test_username_is_changed(identity: Identity) -> None:
    headers = await identity.signed_in("ada")
    response = await identity.http.patch("/users/me", json={"username": "countess"}, headers=headers)
    assert response.status_code == 200
    assert response.json()["username"] == "countess"
    assert response.json()["updated_at"] > response.json()["created_at"]
    assert (await identity.http.get("/users/me", headers=headers)).json() == response.json()
    await identity.sign_in("countess")


async def test_an_empty_change_changes_nothing(identity: Identity) -> None:
    headers = await identity.signed_in("ada")
    before = (await identity.http.get("/users/me", headers=headers)).json()
    response = await identity.http.patch("/users/me", json={}, headers=headers)
    assert (response.status_code, response.json()) == (200, before)


@pytest.mark.parametrize(
    "changes", [{"username": None}, {"username": "x"}, {"email": "a@example.com"}, {"id": "1"}, []]
)
async def test_malformed_change_is_refused(identity: Identity, changes: object) -> None:
    headers = await identity.signed_in("ada")
    response = await identity.http.patch("/users/me", json=changes, headers=headers)
    ensure_problem(response, 422, "invalid")


@pytest.mark.parametrize("taken", ["eve", "EVE"])
async def test_username_of_another_user_is_refused(identity: Identity, taken: str) -> None:
    await identity.register("eve")
    headers = await identity.signed_in("ada")
    response = await identity.http.patch("/users/me", json={"username": taken}, headers=headers)
    ensure_problem(response, 409, "username_taken")
    assert (await identity.http.get("/users/me", headers=headers)).json()["username"] == "ada"


async def test_ones_own_username_may_be_written_in_another_case(identity: Identity) -> None:
    headers = await identity.signed_in("ada")
    response = await identity.http.patch("/users/me", json={"username": "ADA"}, headers=headers)
    assert (response.status_code, response.json()["username"]) == (200, "ADA")
