"""POST /email-verifications: another letter that verifies the address, and its link."""

import asyncio
from pathlib import Path

import httpx

from identity_service.administration import Administration
from tests.identity.answers import ensure_problem, statuses
from tests.identity.mailbox import all_sent, letters, tables_with, token_in_letter
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity
from watchword.testing import StandingClock

ADA = "ada@example.com"
VERIFY = "/verify-email"
VERIFIED = "SELECT FROM identity.audit_entries WHERE action = 'user.email_verified'"


async def ask(identity: Identity, email: str = ADA) -> httpx.Response:
    return await identity.http.post("/email-verifications", json={"email": email})


async def confirm(identity: Identity, token: str) -> httpx.Response:
    return await identity.http.post(f"/email-verifications/{token}", json={"password": PASSWORD})


async def test_link_verifies_the_address_once(mailing: Identity, databases: Databases, tmp_path: Path) -> None:
    headers = await mailing.signed_in("ada")
    token = await token_in_letter(tmp_path, ADA, VERIFY)
    assert (await confirm(mailing, token)).status_code == 204
    assert (await mailing.http.get("/users/me", headers=headers)).json()["email_verified"] is True
    ensure_problem(await confirm(mailing, token), 404, "link_invalid")
    assert len(await databases.fetch("identity_app", VERIFIED)) == 1


async def test_one_of_twenty_uses_at_once_works(mailing: Identity, databases: Databases, tmp_path: Path) -> None:
    await mailing.register("ada")
    token = await token_in_letter(tmp_path, ADA, VERIFY)
    answers = await asyncio.gather(*(confirm(mailing, token) for _ in range(20)))
    assert statuses(answers) == {204: 1, 404: 19}
    assert len(await databases.fetch("identity_app", VERIFIED)) == 1


async def test_link_is_invalid_after_an_hour(mailing: Identity, tmp_path: Path, clock: StandingClock) -> None:
    await mailing.register("ada")
    token = await token_in_letter(tmp_path, ADA, VERIFY)
    clock.advance(seconds=3600)
    ensure_problem(await confirm(mailing, token), 404, "link_invalid")


async def test_later_link_replaces_the_one_before(mailing: Identity, tmp_path: Path) -> None:
    await mailing.register("ada")
    first = await token_in_letter(tmp_path, ADA, VERIFY)
    assert (await ask(mailing, ADA.upper())).status_code == 202
    second = await token_in_letter(tmp_path, ADA, VERIFY, 2)
    ensure_problem(await confirm(mailing, first), 404, "link_invalid")
    assert (await confirm(mailing, second)).status_code == 204


async def test_link_of_another_kind_verifies_nothing(mailing: Identity, tmp_path: Path) -> None:
    await mailing.register("ada")
    await mailing.http.post("/password-resets", json={"email": ADA})
    ensure_problem(await confirm(mailing, await token_in_letter(tmp_path, ADA, "/reset-password")), 404, "link_invalid")


async def test_unknown_verified_and_disabled_addresses_get_the_same_answer_and_no_letter(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    for name in ("ada", "eve", "due"):
        await mailing.register(name)
    await confirm(mailing, await token_in_letter(tmp_path, ADA, VERIFY))
    await Administration(mailing.parts).set_active("eve", False)
    names = ("due", "ada", "eve", "somebody")
    answers = [await ask(mailing, f"{name}@example.com") for name in names]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b"")}
    assert len({tuple(sorted(answer.headers)) for answer in answers}) == 1
    assert await tables_with(databases, "somebody") == []
    await all_sent(databases)
    assert [len(letters(tmp_path, f"{name}@example.com")) for name in names] == [2, 1, 1, 0]


async def test_link_of_a_disabled_account_is_invalid(mailing: Identity, tmp_path: Path) -> None:
    await mailing.register("ada")
    token = await token_in_letter(tmp_path, ADA, VERIFY)
    await Administration(mailing.parts).set_active("ada", False)
    ensure_problem(await confirm(mailing, token), 404, "link_invalid")
