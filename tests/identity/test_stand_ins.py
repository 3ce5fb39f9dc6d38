"""Where addresses must be verified, a username is held in the same way whether its address was free or taken, so that
no later answer tells which it was."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from identity_service.accounts.schemas import Registration
from identity_service.administration import Administration
from identity_service.cleanup import AWAITED_FOR
from tests.identity.address_changes import Owner
from tests.identity.answers import ensure_problem, statuses
from tests.identity.mailbox import all_sent, letters, token_in_letter
from tests.identity.test_registration import register
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer

ADA = "ada@example.com"
OTHER = "other@example.com"
NAMES = "SELECT username FROM identity.users WHERE awaits_verification ORDER BY 1"

Taker = Callable[[Identity, Path], Awaitable[object]]


async def account(identity: Identity, username: str) -> dict[str, str]:
    """Make an account as the command line does, and sign in."""
    draft = Registration(username=username, email=f"{username}@example.com", password=PASSWORD)
    await identity.parts.registrations.create(draft)
    return bearer((await identity.sign_in(username, resource=IDENTITY_URL))["access_token"])


async def rename(identity: Identity, headers: dict[str, str], username: str) -> httpx.Response:
    return await identity.http.patch("/users/me", json={"username": username}, headers=headers)


async def nobody(identity: Identity, folder: Path) -> None:
    """The address is free."""


async def waiting(identity: Identity, folder: Path) -> None:
    await register(identity, username="countess")


async def owner(identity: Identity, folder: Path) -> dict[str, str]:
    return await account(identity, "ada")


async def disabled_owner(identity: Identity, folder: Path) -> None:
    await account(identity, "ada")
    await Administration(identity.parts).set_active("ada", False)


async def former_owner(identity: Identity, folder: Path) -> None:
    """An account that has given the address up can still restore it."""
    await Owner(identity, folder, await account(identity, "ada")).move()


async def cleaned_up(identity: Identity, databases: Databases, after: timedelta) -> list[str]:
    """The names that are held once so much time has passed since the last registration, and clean-up has run."""
    rows = await databases.fetch("identity_app", "SELECT max(created_at) AS last FROM identity.users")
    await identity.parts.cleanup.delete_expired(rows[0]["last"] + after)
    return [row["username"] for row in await databases.fetch("identity_app", NAMES)]


@pytest.mark.parametrize("taker", [nobody, waiting, owner, disabled_owner, former_owner])
async def test_name_is_held_for_its_address_for_seven_days_whether_the_address_is_taken(
    verifying: Identity, databases: Databases, tmp_path: Path, taker: Taker
) -> None:
    await taker(verifying, tmp_path)
    eve = await account(verifying, "eve")
    assert (await register(verifying, username="mallory")).status_code == 202
    for name in ("mallory", "MALLORY"):
        ensure_problem(await register(verifying, username=name, email=OTHER), 409, "username_taken")
        ensure_problem(await register(verifying, username=name, email="eve@example.com"), 409, "username_taken")
        ensure_problem(await rename(verifying, eve, name), 409, "username_taken")
    assert (await register(verifying, username="Mallory", email="ADA@example.com")).status_code == 202
    assert (await register(verifying, username="trudy")).status_code == 202
    assert (await rename(verifying, eve, "mallory")).status_code == 200
    ensure_problem(await register(verifying, username="trudy", email=OTHER), 409, "username_taken")
    assert await cleaned_up(verifying, databases, AWAITED_FOR - timedelta(minutes=1)) == ["trudy"]
    assert await cleaned_up(verifying, databases, AWAITED_FOR + timedelta(minutes=1)) == []
    assert (await register(verifying, username="trudy", email=OTHER)).status_code == 202


@pytest.mark.parametrize("taker", [nobody, owner])
async def test_refused_registration_leaves_the_name_that_is_held(
    verifying: Identity, databases: Databases, tmp_path: Path, taker: Taker
) -> None:
    await taker(verifying, tmp_path)
    await account(verifying, "eve")
    assert (await register(verifying, username="mallory")).status_code == 202
    ensure_problem(await register(verifying, username="eve"), 409, "username_taken")
    assert [row["username"] for row in await databases.fetch("identity_app", NAMES)] == ["mallory"]


async def test_owner_of_the_address_may_not_take_the_name_that_is_held_for_it_either(verifying: Identity) -> None:
    headers = await account(verifying, "ada")
    assert (await register(verifying, username="mallory")).status_code == 202
    ensure_problem(await rename(verifying, headers, "mallory"), 409, "username_taken")
    ensure_problem(await register(verifying, username="ada"), 409, "username_taken")
    assert (await register(verifying, username="mallory")).status_code == 202


async def test_name_is_still_held_once_the_account_that_had_the_address_is_deleted(
    verifying: Identity, databases: Databases, tmp_path: Path
) -> None:
    headers = await account(verifying, "ada")
    assert (await register(verifying, username="mallory")).status_code == 202
    assert (await verifying.http.delete("/users/me", headers=headers)).status_code == 204
    ensure_problem(await register(verifying, username="mallory", email=OTHER), 409, "username_taken")
    assert (await register(verifying, username="mallory")).status_code == 202
    await all_sent(databases)
    assert await token_in_letter(tmp_path, ADA, "/verify-email")


async def test_name_is_still_held_once_another_account_has_moved_to_the_address(
    verifying: Identity, databases: Databases, tmp_path: Path
) -> None:
    eve = Owner(verifying, tmp_path, await account(verifying, "eve"))
    assert (await register(verifying, username="mallory")).status_code == 202
    token = await token_in_letter(tmp_path, ADA, "/verify-email")
    await databases.execute("identity_app", "UPDATE identity.users SET created_at = created_at - interval '6 days'")
    await eve.move(former="eve@example.com", email=ADA)
    ensure_problem(await register(verifying, username="mallory", email=OTHER), 409, "username_taken")
    used = await verifying.http.post(f"/email-verifications/{token}", json={"password": PASSWORD})
    ensure_problem(used, 404, "link_invalid")
    assert await cleaned_up(verifying, databases, AWAITED_FOR - timedelta(minutes=1)) == ["mallory"]
    assert await cleaned_up(verifying, databases, AWAITED_FOR + timedelta(minutes=1)) == []


async def test_nobody_can_use_or_reach_a_stand_in(verifying: Identity, databases: Databases, tmp_path: Path) -> None:
    await account(verifying, "ada")
    await register(verifying, username="mallory")
    columns = "email, full_name, password_hash, is_active"
    row = (await databases.fetch("identity_app", f"SELECT {columns} FROM identity.users WHERE awaits_verification"))[0]  # noqa: S608
    assert (row["full_name"], row["password_hash"]) == (None, "*")
    for login in ("mallory", row["email"]):
        for password in (PASSWORD, "*"):
            answer = await verifying.token(grant_type="password", username=login, password=password)
            assert answer.status_code == 400
    await all_sent(databases)
    assert letters(tmp_path, row["email"]) == []


async def test_one_of_a_registration_at_a_taken_address_and_a_renaming_at_once_gets_the_name(
    verifying: Identity,
) -> None:
    for number in range(5):
        await account(verifying, f"owner-{number}")
    strangers = [await account(verifying, f"eve-{number}") for number in range(5)]
    for number, stranger in enumerate(strangers):
        answers = await asyncio.gather(
            rename(verifying, stranger, f"mallory-{number}"),
            register(verifying, username=f"mallory-{number}", email=f"owner-{number}@example.com"),
        )
        assert statuses(list(answers)) in ({200: 1, 409: 1}, {202: 1, 409: 1})


async def test_registrations_of_a_taken_address_at_once_leave_one_name_held(
    verifying: Identity, databases: Databases
) -> None:
    await account(verifying, "ada")
    answers = await asyncio.gather(*(register(verifying, username=f"mallory-{number}") for number in range(10)))
    assert statuses(answers) == {202: 10}
    assert len(await databases.fetch("identity_app", NAMES)) == 1
