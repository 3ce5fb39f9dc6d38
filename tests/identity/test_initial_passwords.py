"""A password that was given to a person signs in only to be changed, and only for seven days."""

import logging
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from identity_service.accounts.schemas import PasswordChange
from identity_service.administration import AccountDraft, Administration
from identity_service.errors import InitialPasswordKept, UserNotFound
from identity_service.users.models import INITIAL_PASSWORD_LIFETIME
from tests.identity.answers import ensure_oauth_error
from tests.identity.mailbox import letters, token_in_letter
from tests.identity.signing_in import issue_initial_password
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity
from tests.support.waiting import until
from watchword.testing import StandingClock

OTHER = "staple trombone violin"
GRACE = AccountDraft("grace", "grace@example.com", PASSWORD, must_change=True)
USER = "SELECT id, must_change_password, initial_password_expires_at FROM identity.users WHERE username = 'grace'"


async def grant(identity: Identity, password: str = PASSWORD) -> httpx.Response:
    return await identity.token(grant_type="password", username="grace", password=password)


def ensure_must_change(answer: httpx.Response) -> None:
    """The password is right, and the answer says where to change it."""
    ensure_oauth_error(answer, "invalid_grant")
    assert "choose your own at /account/password" in answer.json()["error_description"]


def ensure_wrong(answer: httpx.Response) -> None:
    ensure_oauth_error(answer, "invalid_grant")
    assert "/account/password" not in answer.text


async def user(databases: Databases) -> dict[str, Any]:
    [row] = await databases.fetch("identity_app", USER)
    return dict(row)


async def change(identity: Identity, user_id: UUID, password: str) -> None:
    draft = PasswordChange(current_password=PASSWORD, new_password=password)
    await identity.parts.password_changes.change(user_id, uuid4(), draft)


async def test_right_initial_password_gets_no_session_and_says_where_to_change_it(
    identity: Identity, databases: Databases
) -> None:
    await Administration(identity.parts).create_administrator(GRACE)
    ensure_must_change(await grant(identity))
    assert identity.parts.authentication.password.outcomes["must_change"] == 1
    assert await databases.fetch("identity_app", "SELECT FROM identity.sessions") == []


async def test_wrong_password_does_not_tell_that_the_right_one_must_be_changed(identity: Identity) -> None:
    strange = await grant(identity, OTHER)
    await Administration(identity.parts).create_administrator(GRACE)
    wrong = await grant(identity, OTHER)
    ensure_wrong(wrong)
    assert wrong.json() == strange.json()


async def test_initial_password_that_was_not_changed_in_time_is_refused_as_a_wrong_one(
    identity_at: Identity, clock: StandingClock, caplog: pytest.LogCaptureFixture
) -> None:
    await Administration(identity_at.parts).create_administrator(GRACE)
    clock.advance(seconds=INITIAL_PASSWORD_LIFETIME.total_seconds() - 1)
    ensure_must_change(await grant(identity_at))
    clock.advance(seconds=1)
    with caplog.at_level(logging.INFO):
        late = await grant(identity_at)
    wrong = await grant(identity_at, OTHER)
    ensure_wrong(late)
    assert late.json() == wrong.json()
    assert "the initial password of the account was not changed in time" in caplog.text


async def test_change_to_another_password_ends_what_an_initial_one_is_subject_to(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    await Administration(identity_at.parts).create_administrator(GRACE)
    grace = await user(databases)
    assert grace["initial_password_expires_at"] == clock.now() + INITIAL_PASSWORD_LIFETIME
    with pytest.raises(InitialPasswordKept):
        await change(identity_at, grace["id"], PASSWORD)
    await change(identity_at, grace["id"], OTHER)
    clock.advance(seconds=INITIAL_PASSWORD_LIFETIME.total_seconds())
    await identity_at.sign_in("grace", OTHER)
    assert await user(databases) == grace | {"must_change_password": False, "initial_password_expires_at": None}


async def test_link_of_a_letter_resets_even_an_initial_password_that_has_expired(
    mailing: Identity, clock: StandingClock, tmp_path: Path
) -> None:
    await Administration(mailing.parts).create_administrator(GRACE)
    clock.advance(seconds=INITIAL_PASSWORD_LIFETIME.total_seconds())
    await mailing.http.post("/password-resets", json={"email": GRACE.email})
    token = await token_in_letter(tmp_path, GRACE.email, "/reset-password")
    same = await mailing.http.post(f"/password-resets/{token}", json={"new_password": PASSWORD})
    assert [error["code"] for error in same.json()["errors"]] == ["initial_password_kept"]
    assert (await mailing.http.post(f"/password-resets/{token}", json={"new_password": OTHER})).status_code == 204
    await mailing.sign_in("grace", OTHER)


async def test_operator_issues_an_initial_password_which_ends_every_session_and_tells_the_owner(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    headers = await mailing.signed_in("grace")
    password = await issue_initial_password(mailing, "Grace")
    assert (await mailing.http.get("/users/me", headers=headers)).status_code == 401
    ensure_wrong(await grant(mailing))
    ensure_must_change(await grant(mailing, password))
    assert (await user(databases))["must_change_password"]
    await until(lambda: len(letters(tmp_path, GRACE.email, "password")) == 1)
    second = await issue_initial_password(mailing, GRACE.email)
    assert second != password
    ensure_wrong(await grant(mailing, password))
    with pytest.raises(UserNotFound):
        await issue_initial_password(mailing, "nobody-here")


async def test_password_that_nobody_else_has_chosen_need_not_be_changed(identity: Identity) -> None:
    await Administration(identity.parts).create_administrator(GRACE._replace(must_change=False))
    await identity.register("ada")
    await identity.sign_in("grace")
    await identity.sign_in("ada")
