"""POST /users where addresses must be verified: no answer tells which ones have an account, and nothing signs in
before the link."""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from identity_service.accounts.schemas import Registration
from identity_service.administration import Administration
from identity_service.cleanup import AWAITED_FOR
from tests.identity.answers import ensure_oauth_error, ensure_problem, pointers, statuses
from tests.identity.mailbox import all_sent, letters, tables_with, token_in_letter
from tests.identity.signing_on import submit
from tests.identity.test_registration import register
from tests.identity.test_sign_in_page import shown
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer

ADA = "ada@example.com"
VERIFY = "/verify-email"
TAKEN = "You already have an account"
OTHER = "staple battery horse"


async def create(identity: Identity, username: str = "ada") -> None:
    """Make an account as the command line does."""
    draft = Registration(username=username, email=f"{username}@example.com", password=PASSWORD)
    await identity.parts.registrations.create(draft)


async def confirm(identity: Identity, token: str, password: str = PASSWORD) -> httpx.Response:
    return await identity.http.post(f"/email-verifications/{token}", json={"password": password})


async def refused_sign_ins(identity: Identity, username: str, password: str) -> list[tuple[str, list[str]]]:
    """What both ways in answer to one who is not signed in; the page shows the username again."""
    granted = await identity.token(grant_type="password", username=username, password=password)
    ensure_oauth_error(granted, "invalid_grant")
    page = await submit(identity, "/sign-in", login=username, password=password)
    assert page.status_code == 422
    seen = shown(page).replace(f'"{username}"', '""')
    return [(granted.text, sorted(granted.headers)), (seen, sorted(page.headers))]


async def test_free_and_taken_addresses_get_the_same_answer(verifying: Identity) -> None:
    free = await register(verifying)
    await create(verifying, "eve")
    taken = await register(verifying, username="mallory", email="eve@example.com")
    assert (free.status_code, free.content) == (taken.status_code, taken.content) == (202, b"")
    assert free.headers.keys() == taken.headers.keys()
    assert "location" not in free.headers


async def test_owner_of_a_taken_address_gets_a_letter_and_only_the_username_is_stored(
    verifying: Identity, databases: Databases, tmp_path: Path
) -> None:
    await create(verifying)
    typed = {"username": "mallory", "email": "ADA@example.com", "full_name": "Zebedee Quux"}
    assert (await register(verifying, **typed)).status_code == 202
    tables = [await tables_with(databases, word) for word in ("mallory", "ADA@", "Zebedee")]
    assert tables == [["users"], [], []]
    await all_sent(databases)
    (letter,) = letters(tmp_path, ADA)
    assert letter["subject"] == TAKEN
    assert "mallory" not in letter.as_string()


async def test_owner_whose_account_is_disabled_gets_no_letter(
    verifying: Identity, databases: Databases, tmp_path: Path
) -> None:
    await create(verifying)
    await Administration(verifying.parts).set_active("ada", False)
    assert (await register(verifying, username="mallory")).status_code == 202
    await all_sent(databases)
    assert letters(tmp_path, ADA) == []


@pytest.mark.parametrize("email", ["other@example.com", ADA])
async def test_taken_username_is_refused_whether_the_address_is_taken(
    verifying: Identity, databases: Databases, tmp_path: Path, email: str
) -> None:
    await create(verifying)
    ensure_problem(await register(verifying, email=email), 409, "username_taken")
    await all_sent(databases)
    assert letters(tmp_path, email) == []


async def test_username_of_an_account_that_awaits_its_link_is_taken(verifying: Identity) -> None:
    await register(verifying)
    ensure_problem(await register(verifying, email="other@example.com"), 409, "username_taken")


@pytest.mark.parametrize("email", ["free@example.com", "eve@example.com"])
async def test_name_that_was_given_up_is_refused_whether_the_address_is_taken(verifying: Identity, email: str) -> None:
    await create(verifying)
    await create(verifying, "eve")
    tokens = await verifying.sign_in("ada", resource=IDENTITY_URL)
    answer = await verifying.http.delete("/users/me", headers=bearer(tokens["access_token"]))
    assert answer.status_code == 204
    ensure_problem(await register(verifying, email=email), 409, "username_taken")


async def test_session_that_the_previous_release_started_before_the_link_is_refused(
    verifying: Identity, databases: Databases
) -> None:
    await create(verifying)
    tokens = await verifying.sign_in("ada", resource=IDENTITY_URL)
    await databases.execute("identity_app", "UPDATE identity.users SET awaits_verification = true")
    answer = await verifying.http.get("/users/me", headers=bearer(tokens["access_token"]))
    assert answer.status_code == 401
    assert (await verifying.refresh(tokens["refresh_token"])).status_code == 400


async def test_account_signs_in_after_the_link_and_a_refusal_before_is_that_of_a_wrong_password(
    verifying: Identity, tmp_path: Path
) -> None:
    await register(verifying)
    before = await refused_sign_ins(verifying, "ada", PASSWORD)
    assert before == await refused_sign_ins(verifying, "ada", OTHER)
    assert (await confirm(verifying, await token_in_letter(tmp_path, ADA, VERIFY))).status_code == 204
    tokens = await verifying.sign_in("ada", resource=IDENTITY_URL)
    account = (await verifying.http.get("/users/me", headers=bearer(tokens["access_token"]))).json()
    assert (account["email_verified"], account["roles"]) == (True, ["user"])


async def test_reset_of_a_password_verifies_the_address_too(verifying: Identity, tmp_path: Path) -> None:
    await register(verifying)
    await verifying.http.post("/password-resets", json={"email": ADA})
    token = await token_in_letter(tmp_path, ADA, "/reset-password")
    assert (await verifying.http.post(f"/password-resets/{token}", json={"new_password": OTHER})).status_code == 204
    await verifying.sign_in("ada", OTHER)


@pytest.mark.parametrize("username", ["ada", "countess"])
async def test_later_registration_of_the_address_replaces_one_that_awaits_its_link(
    verifying: Identity, tmp_path: Path, username: str
) -> None:
    await register(verifying)
    former = await token_in_letter(tmp_path, ADA, VERIFY)
    assert (await register(verifying, username=username, password=OTHER)).status_code == 202
    ensure_problem(await confirm(verifying, former), 404, "link_invalid")
    token = await token_in_letter(tmp_path, ADA, VERIFY, 2)
    assert (await confirm(verifying, token, OTHER)).status_code == 204
    await verifying.sign_in(username, OTHER)
    refused = await verifying.token(grant_type="password", username=username, password=PASSWORD)
    ensure_oauth_error(refused, "invalid_grant")


async def test_the_last_of_ten_registrations_of_an_address_at_once_is_there_and_nobody_is_said_to_have_it(
    verifying: Identity, databases: Databases, tmp_path: Path
) -> None:
    answers = await asyncio.gather(*(register(verifying, username=f"ada-{number}") for number in range(10)))
    assert statuses(answers) == {202: 10}
    assert len(await databases.fetch("identity_app", "SELECT FROM identity.users")) == 1
    await all_sent(databases)
    assert letters(tmp_path, ADA, TAKEN) == []


async def test_registration_and_link_at_once_leave_one_account_that_the_link_does_not_confuse(
    verifying: Identity, databases: Databases, tmp_path: Path
) -> None:
    await register(verifying)
    token = await token_in_letter(tmp_path, ADA, VERIFY)
    confirmed, again = await asyncio.gather(confirm(verifying, token), register(verifying, username="countess"))
    assert again.status_code == 202
    users = await databases.fetch("identity_app", "SELECT username FROM identity.users WHERE email = $1", ADA)
    assert [user["username"] for user in users] == ["ada" if confirmed.status_code == 204 else "countess"]


async def test_accounts_of_the_command_line_and_of_before_sign_in_unverified(
    clean_databases: Databases, verifying: Identity
) -> None:
    async with services.identity(clean_databases) as optional:
        await optional.register("eve")
    await create(verifying)
    for username in ("ada", "eve"):
        tokens = await verifying.sign_in(username, resource=IDENTITY_URL)
        account = await verifying.http.get("/users/me", headers=bearer(tokens["access_token"]))
        assert account.json()["email_verified"] is False


@pytest.mark.parametrize("member", ["role", "is_active", "id", "email_verified"])
async def test_members_that_the_caller_may_not_set_are_refused(verifying: Identity, member: str) -> None:
    assert pointers(await register(verifying, **{member: "true"})) == [f"/body/{member}"]


async def test_account_that_awaits_its_link_is_deleted_after_seven_days(
    verifying: Identity, databases: Databases
) -> None:
    await create(verifying, "eve")
    await register(verifying)
    rows = await databases.fetch("identity_app", "SELECT max(created_at) AS last FROM identity.users")
    registered_at = rows[0]["last"]
    await verifying.parts.cleanup.delete_expired(registered_at + AWAITED_FOR - timedelta(minutes=1))
    assert len(await databases.fetch("identity_app", "SELECT FROM identity.users")) == 2
    await verifying.parts.cleanup.delete_expired(registered_at + AWAITED_FOR + timedelta(minutes=1))
    left = await databases.fetch("identity_app", "SELECT username FROM identity.users")
    assert [row["username"] for row in left] == ["eve"]
