"""POST /admin/users/{id}/password-resets: an administrator has a letter sent that resets a password."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.admin.audit import acts
from tests.admin.callers import Headers, administrator
from tests.identity.answers import claims_of, ensure_problem
from tests.identity.mailbox import all_sent, letters, token_in_letter
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Identity, bearer
from watchword.testing import StandingClock

NEW_PASSWORD = "staple trombone violin"
SUBJECT = "password"


@pytest.fixture
async def mailing(databases: Databases, clock: StandingClock, tmp_path: Path) -> AsyncIterator[Identity]:
    """The identity service whose letters are in `tmp_path` and whose time is `clock`."""
    await databases.empty("identity", "roles", "role_permissions")
    limits = {"limit_letters_account": "2/3600"}
    async with services.identity(databases, clock=clock, mail_folder=tmp_path, **limits) as service:
        yield service


@pytest.fixture
async def admin(mailing: Identity) -> Headers:
    return await administrator(mailing)


async def test_letter_resets_the_password_and_is_audited(
    mailing: Identity, admin: Headers, databases: Databases, tmp_path: Path
) -> None:
    ada = await mailing.register("ada")
    answer = await mailing.http.post(f"/admin/users/{ada}/password-resets", headers=admin)
    assert (answer.status_code, answer.content, answer.headers["cache-control"]) == (202, b"", "no-store")
    token = await token_in_letter(tmp_path, "ada@example.com", "reset-password")
    body = {"new_password": NEW_PASSWORD}
    assert (await mailing.http.post(f"/password-resets/{token}", json=body)).status_code == 204
    await mailing.sign_in("ada", NEW_PASSWORD)
    actor = claims_of(admin["Authorization"].removeprefix("Bearer "))["sub"]
    assert (await acts(databases, ada))[0] == (actor, "user.password_reset_requested", None, None)


async def test_password_is_valid_until_the_letter_is_used(mailing: Identity, admin: Headers) -> None:
    ada = await mailing.register("ada")
    await mailing.http.post(f"/admin/users/{ada}/password-resets", headers=admin)
    await mailing.sign_in("ada")


async def test_letters_to_one_account_are_limited_together_with_those_that_anybody_requests(
    mailing: Identity, admin: Headers, databases: Databases, tmp_path: Path
) -> None:
    ada = await mailing.register("ada")
    path = f"/admin/users/{ada}/password-resets"
    assert (await mailing.http.post(path, headers=admin)).status_code == 202
    assert (await mailing.http.post("/password-resets", json={"email": "ada@example.com"})).status_code == 202
    refused = await mailing.http.post(path, headers=admin)
    ensure_problem(refused, 429, "too_many_requests")
    assert "letters-account" in refused.headers["ratelimit-policy"]
    await all_sent(databases)
    assert len(letters(tmp_path, "ada@example.com", SUBJECT)) == 2
    assert len(await acts(databases, ada)) == 1


async def test_account_that_is_disabled_or_unknown_gets_none(
    mailing: Identity, admin: Headers, databases: Databases
) -> None:
    ada = await mailing.register("ada")
    await mailing.http.patch(f"/admin/users/{ada}", json={"active": False}, headers={**admin, "If-Match": "*"})
    refused = await mailing.http.post(f"/admin/users/{ada}/password-resets", headers=admin)
    ensure_problem(refused, 409, "account_disabled")
    unknown = await mailing.http.post(f"/admin/users/{uuid4()}/password-resets", headers=admin)
    ensure_problem(unknown, 404, "user_not_found")
    assert [action for _, action, _, _ in await acts(databases, ada)] == ["user.disabled"]


async def test_installation_without_mail_says_so(identity: Identity, grace: Headers) -> None:
    ada = await identity.register("ada")
    refused = await identity.http.post(f"/admin/users/{ada}/password-resets", headers=grace)
    ensure_problem(refused, 409, "letters_not_sent")


async def test_letter_needs_a_fresh_sign_in(mailing: Identity, admin: Headers, clock: StandingClock) -> None:
    ada = await mailing.register("ada")
    tokens = await mailing.sign_in("grace", client_id="administration")
    clock.advance(minutes=11)
    stale = (await mailing.refresh(tokens["refresh_token"], client_id="administration")).json()["access_token"]
    refused = await mailing.http.post(f"/admin/users/{ada}/password-resets", headers=bearer(stale))
    ensure_problem(refused, 401, "insufficient_user_authentication")
