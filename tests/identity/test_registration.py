"""POST /users: which names, addresses and passwords are accepted."""

from typing import Any

import httpx
import pytest

from tests.identity.answers import ensure_oauth_error, ensure_problem, pointers
from tests.identity.test_account import MEMBERS
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity

STRONG = "".join(f"{number * number:x}, " for number in range(7, 99))
CYRILLIC_A = "\u0430"
BAD_USERNAMES = [
    *("", "ad", "x" * 33),
    *(".ada", "-ada", "_ada", "a da", "ada@x", "ada/b", "ada:b", "ada\\"),
    *("ada\n", "\nada", " ada", "ada ", "ada\x00", "ada\u200b"),
    *("adä", CYRILLIC_A + "da", "\uff21\uff24\uff21"),
    *(123, None, ["ada"]),
]
BAD_EMAILS = [
    *("", "ada", "ada@", "@example.com", "ada@localhost", "ada@example..com", "ada@[127.0.0.1]"),
    *("a da@example.com", "ada@example.com\n", "ada@exa\x00mple.com", "Ada <ada@example.com>"),
    *("x" * 250 + "@example.com", 1, None),
]


async def register(identity: Identity, **members: Any) -> httpx.Response:
    body = {"username": "ada", "email": "ada@example.com", "password": PASSWORD, **members}
    return await identity.http.post("/users", json=body)


async def test_registration_answers_the_account_and_where_it_is(identity: Identity) -> None:
    response = await register(identity)
    assert response.status_code == 201
    account = response.json()
    assert set(account) == MEMBERS
    assert (account["roles"], account["permissions"], account["state"]) == (["user"], [], "active")
    assert response.headers["location"] == f"/users/{account['id']}"
    assert (await identity.http.get(response.headers["location"])).json() == {"id": account["id"], "username": "ada"}


async def test_a_new_account_has_the_role_user_alone(identity: Identity, databases: Databases) -> None:
    await register(identity)
    rows = await databases.fetch("identity_app", "SELECT role FROM identity.user_roles")
    assert [row["role"] for row in rows] == ["user"]


async def test_password_may_have_a_line_break_behind_digits(identity: Identity) -> None:
    assert (await register(identity, password="correct horse 123456\n battery")).status_code == 201


@pytest.mark.parametrize("username", ["ada", "x" * 32, "0ada", "A.d-a_1"])
async def test_username_is_three_to_32_letters_digits_and_signs(identity: Identity, username: str) -> None:
    response = await register(identity, username=username)
    assert response.status_code == 201
    assert response.json()["username"] == username


@pytest.mark.parametrize("username", BAD_USERNAMES)
async def test_other_usernames_are_refused(identity: Identity, username: object) -> None:
    assert pointers(await register(identity, username=username)) == ["/body/username"]


@pytest.mark.parametrize("email", ["ada@example.com", "Ada.L+news@Sub.Example.COM", "ådä@example.com"])
async def test_email_address_is_accepted(identity: Identity, email: str) -> None:
    assert (await register(identity, email=email)).status_code == 201


@pytest.mark.parametrize("email", BAD_EMAILS)
async def test_invalid_email_address_is_refused(identity: Identity, email: object) -> None:
    assert pointers(await register(identity, email=email)) == ["/body/email"]


@pytest.mark.parametrize("username", ["ada", "ADA", "aDa"])
async def test_username_is_unique_whatever_its_case(identity: Identity, username: str) -> None:
    await register(identity)
    ensure_problem(await register(identity, username=username, email="other@example.com"), 409, "username_taken")


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@example.com", "ada@EXAMPLE.com"])
async def test_email_is_unique_whatever_its_case(identity: Identity, email: str) -> None:
    await register(identity)
    ensure_problem(await register(identity, username="other", email=email), 409, "email_taken")


@pytest.mark.parametrize("password", ["Zq7!vKx2", STRONG[:256], "\U0001f511 " + STRONG[:254], "pässphräse, lång"])
async def test_password_of_eight_to_256_characters_is_accepted(identity: Identity, password: str) -> None:
    assert (await register(identity, password=password)).status_code == 201
    await identity.sign_in("ada", password)


@pytest.mark.parametrize("password", ["Zq7!vKx", STRONG[:257], "", "correct horse\x00battery", None, 12345678])
async def test_password_of_another_length_or_kind_is_refused(identity: Identity, password: object) -> None:
    assert pointers(await register(identity, password=password)) == ["/body/password"]


@pytest.mark.parametrize(
    ("password", "bound"), [("Zq7!vKx", "at least 8 characters"), (STRONG[:257], "at most 256 characters")]
)
async def test_the_length_of_a_password_is_told_in_characters(identity: Identity, password: str, bound: str) -> None:
    [flaw] = (await register(identity, password=password)).json()["errors"]
    assert flaw["detail"] == f"String should have {bound}"


@pytest.mark.parametrize("password", ["password", "12345678", "qwertyuiop", "aaaaaaaaaaaaaaaa", "P@ssw0rd1", "a" * 256])
async def test_weak_password_is_refused_with_advice(identity: Identity, password: str) -> None:
    response = await register(identity, password=password)
    assert pointers(response) == ["/body/password"]
    assert response.json()["errors"][0]["code"] == "weak_password"
    assert response.json()["errors"][0]["detail"].startswith("This password is too easy to guess.")


@pytest.mark.parametrize(
    "own", [{"username": "xkqzvwjyhb"}, {"email": "xkqzvwjyhb@example.com", "password": "xkqzvwjyhb@example.com1"}]
)
async def test_password_made_of_ones_own_name_is_refused(identity: Identity, own: dict[str, str]) -> None:
    response = await register(identity, **{"password": "xkqzvwjyhb1", **own})
    assert pointers(response) == ["/body/password"]


async def test_characters_beyond_the_72nd_distinguish_passwords(identity: Identity) -> None:
    await register(identity, password=STRONG[:100] + "a")
    await identity.sign_in("ada", STRONG[:100] + "a")
    other = await identity.token(grant_type="password", username="ada", password=STRONG[:100] + "b")
    ensure_oauth_error(other, "invalid_grant")


@pytest.mark.parametrize("member", ["role", "roles", "id", "is_active", "permissions", "password_hash", "created_at"])
async def test_registration_refuses_members_that_the_caller_may_not_set(identity: Identity, member: str) -> None:
    assert pointers(await register(identity, **{member: "admin"})) == [f"/body/{member}"]


@pytest.mark.parametrize("member", ["username", "email", "password"])
async def test_required_member_may_not_be_left_out(identity: Identity, member: str) -> None:
    body = {"username": "ada", "email": "ada@example.com", "password": PASSWORD}
    del body[member]
    assert pointers(await identity.http.post("/users", json=body)) == [f"/body/{member}"]
