"""POST /password-resets: a link in a letter sets another password, once."""

import asyncio
from pathlib import Path

import httpx

from identity_service.administration import Administration
from tests.identity.answers import ensure_oauth_error, ensure_problem, pointers, statuses
from tests.identity.mailbox import tables_with, token_in_letter
from tests.identity.receivers import receiver_with_stream
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity, bearer
from watchword.testing import StandingClock

OTHER = "staple battery horse"
ADA = "ada@example.com"
RESET = "/reset-password"


async def ask(identity: Identity, email: str = ADA) -> httpx.Response:
    return await identity.http.post("/password-resets", json={"email": email})


async def reset(identity: Identity, token: str, password: str = OTHER) -> httpx.Response:
    return await identity.http.post(f"/password-resets/{token}", json={"new_password": password})


async def token_for(identity: Identity, folder: Path) -> str:
    await ask(identity)
    return await token_in_letter(folder, ADA, RESET)


async def test_link_sets_another_password_once_and_ends_every_session(mailing: Identity, tmp_path: Path) -> None:
    headers = await mailing.signed_in("ada")
    token = await token_for(mailing, tmp_path)
    assert (await reset(mailing, token)).status_code == 204
    assert (await mailing.http.get("/users/me", headers=headers)).status_code == 401
    session = await mailing.sign_in("ada", OTHER, resource=services.IDENTITY_URL)
    account = await mailing.http.get("/users/me", headers=bearer(session["access_token"]))
    assert account.json()["email_verified"] is True
    ensure_problem(await reset(mailing, token), 404, "link_invalid")


async def test_one_of_twenty_uses_at_once_works(mailing: Identity, tmp_path: Path) -> None:
    await mailing.register("ada")
    token = await token_for(mailing, tmp_path)
    answers = await asyncio.gather(*(reset(mailing, token, f"{OTHER} {number}") for number in range(20)))
    assert statuses(answers) == {204: 1, 404: 19}


async def test_link_is_invalid_after_an_hour(mailing: Identity, tmp_path: Path, clock: StandingClock) -> None:
    await mailing.register("ada")
    token = await token_for(mailing, tmp_path)
    clock.advance(seconds=3600)
    ensure_problem(await reset(mailing, token), 404, "link_invalid")


async def test_link_is_invalid_after_a_change_of_the_password(mailing: Identity, tmp_path: Path) -> None:
    headers = await mailing.signed_in("ada")
    token = await token_for(mailing, tmp_path)
    change = {"current_password": PASSWORD, "new_password": OTHER}
    assert (await mailing.http.put("/users/me/password", json=change, headers=headers)).status_code == 204
    ensure_problem(await reset(mailing, token, "paper clouds over Turin"), 404, "link_invalid")
    await mailing.sign_in("ada", OTHER)


async def test_later_link_replaces_the_one_before(mailing: Identity, tmp_path: Path) -> None:
    await mailing.register("ada")
    first = await token_for(mailing, tmp_path)
    await ask(mailing)
    ensure_problem(await reset(mailing, first), 404, "link_invalid")


async def test_link_changes_no_other_account(mailing: Identity, tmp_path: Path) -> None:
    await mailing.register("ada")
    await mailing.register("eve")
    await reset(mailing, await token_for(mailing, tmp_path))
    await mailing.sign_in("eve")
    refused = await mailing.token(grant_type="password", username="ada", password=PASSWORD)
    ensure_oauth_error(refused, "invalid_grant")


async def test_disabled_account_is_neither_changed_nor_revealed(mailing: Identity, tmp_path: Path) -> None:
    await mailing.register("ada")
    token = await token_for(mailing, tmp_path)
    await Administration(mailing.parts).set_active("ada", False)
    ensure_problem(await reset(mailing, token), 404, "link_invalid")
    assert (await ask(mailing)).status_code == 202


async def test_known_and_unknown_addresses_get_the_same_answer(mailing: Identity, databases: Databases) -> None:
    await mailing.register("ada")
    known, unknown = await ask(mailing), await ask(mailing, "somebody@example.com")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (202, b"")
    assert known.headers.keys() == unknown.headers.keys()
    assert await tables_with(databases, "somebody") == []


async def test_reset_is_told_to_other_services_as_a_change_of_credentials_that_ended_every_session(
    mailing: Identity, tmp_path: Path
) -> None:
    await mailing.signed_in("ada")
    posts = await receiver_with_stream(mailing)
    await posts.acknowledge()
    assert (await reset(mailing, await token_for(mailing, tmp_path))).status_code == 204
    (changed, _, claims), (revoked, _, _) = await posts.events()
    assert (changed, claims["change_type"], revoked) == ("credential-change", "update", "session-revoked")


async def test_answer_to_a_reset_waits_until_it_is_obeyed_if_the_caller_prefers_that(
    mailing: Identity, tmp_path: Path
) -> None:
    await mailing.signed_in("ada")
    await receiver_with_stream(mailing)
    token, body = await token_for(mailing, tmp_path), {"new_password": OTHER}
    answer = await mailing.http.post(f"/password-resets/{token}", json=body, headers={"Prefer": "wait=0"})
    assert (answer.status_code, answer.json()) == (200, {"obeyed": [], "outstanding": ["posts"]})


async def test_weak_password_leaves_the_link_valid(mailing: Identity, tmp_path: Path) -> None:
    await mailing.register("ada")
    token = await token_for(mailing, tmp_path)
    assert pointers(await reset(mailing, token, "ada@example.com")) == ["/body/new_password"]
    assert (await reset(mailing, token)).status_code == 204
