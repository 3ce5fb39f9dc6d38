"""POST /users/me/email: an address is changed once it was confirmed at the other one."""

import asyncio
from pathlib import Path

from tests.identity.address_changes import FRESH, OLD, UNDO, Owner, address
from tests.identity.answers import ensure_problem, statuses
from tests.identity.mailbox import all_sent, letters, token_in_letter
from tests.identity.test_registration import register
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity
from watchword.testing import StandingClock

OTHER = "staple battery horse"
THIRD = "third@example.com"


async def test_wrong_password_changes_nothing_and_sends_no_letter(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    owner = await Owner.of(mailing, tmp_path)
    ensure_problem(await owner.ask(password=OTHER), 403, "wrong_password")
    await all_sent(databases)
    assert letters(tmp_path, FRESH) == []


async def test_former_address_is_valid_until_the_other_one_is_confirmed_and_is_told(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    owner = await Owner.of(mailing, tmp_path)
    token = await owner.link()
    await mailing.sign_in(OLD)
    assert await address(databases) == OLD
    assert (await owner.confirm(token)).status_code == 204
    account = (await mailing.http.get("/users/me", headers=owner.headers)).json()
    assert (account["email"], account["email_verified"]) == (FRESH, True)
    await mailing.sign_in(FRESH)
    assert (await mailing.token(grant_type="password", username=OLD, password=PASSWORD)).status_code == 400
    assert await token_in_letter(tmp_path, OLD, UNDO)
    ensure_problem(await owner.confirm(token), 404, "link_invalid")


async def test_taken_address_gets_the_same_answer_and_its_owner_a_letter(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    owner = await Owner.of(mailing, tmp_path)
    await mailing.register("eve")
    free, taken = await owner.ask(), await owner.ask("EVE@example.com")
    assert (free.status_code, free.content) == (taken.status_code, taken.content) == (202, b"")
    assert free.headers.keys() == taken.headers.keys()
    await all_sent(databases)
    assert len(letters(tmp_path, "eve@example.com", "You already have an account")) == 1
    assert len(letters(tmp_path, "eve@example.com")) == 2  # the other one came with the registration
    assert letters(tmp_path, "EVE@example.com") == []


async def test_request_for_a_taken_address_replaces_the_link_before_as_one_for_a_free_address_does(
    mailing: Identity, tmp_path: Path
) -> None:
    owner = await Owner.of(mailing, tmp_path)
    await mailing.register("eve")
    token = await owner.link()
    assert (await owner.ask("eve@example.com")).status_code == 202
    ensure_problem(await owner.confirm(token), 404, "link_invalid")


async def test_ones_own_address_sends_no_letter(mailing: Identity, databases: Databases, tmp_path: Path) -> None:
    owner = await Owner.of(mailing, tmp_path)
    assert (await owner.ask(OLD)).status_code == 202
    await all_sent(databases)
    assert len(letters(tmp_path, OLD)) == 1


async def test_address_that_was_taken_meanwhile_is_refused_and_nothing_is_recorded(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    owner = await Owner.of(mailing, tmp_path)
    token = await owner.link()
    assert (await register(mailing, username="eve", email=FRESH)).status_code == 201
    ensure_problem(await owner.confirm(token), 409, "email_taken")
    assert await address(databases) == OLD
    assert await databases.fetch("identity_app", "SELECT FROM identity.audit_entries WHERE action ~ 'email'") == []
    await all_sent(databases)
    assert letters(tmp_path, OLD, "changed") == []


async def test_change_and_registration_of_one_address_at_once_leave_it_to_one_account(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    owner = await Owner.of(mailing, tmp_path)
    token = await owner.link()
    answers = await asyncio.gather(
        owner.confirm(token), *(register(mailing, username=f"eve-{number}", email=FRESH) for number in range(5))
    )
    successes = [answer.status_code for answer in answers if answer.is_success]
    assert len(successes) == 1
    rows = await databases.fetch("identity_app", "SELECT FROM identity.users WHERE lower(email) = $1", FRESH)
    assert len(rows) == 1


async def test_two_accounts_that_change_to_one_address_at_once_leave_it_to_one(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    owner = await Owner.of(mailing, tmp_path)
    other = Owner(mailing, tmp_path, await mailing.signed_in("eve"))
    first = await owner.link()
    assert (await other.ask()).status_code == 202
    second = await token_in_letter(tmp_path, FRESH, "/confirm-address", 2)
    answers = await asyncio.gather(owner.confirm(first), other.confirm(second))
    assert statuses(list(answers)) == {204: 1, 409: 1}
    assert {await address(databases), await address(databases, "eve")} & {OLD, "eve@example.com"}


async def test_one_of_twenty_confirmations_at_once_works(mailing: Identity, tmp_path: Path) -> None:
    owner = await Owner.of(mailing, tmp_path)
    token = await owner.link()
    answers = await asyncio.gather(*(owner.confirm(token) for _ in range(20)))
    assert statuses(answers) == {204: 1, 404: 19}


async def test_later_request_replaces_the_one_before(mailing: Identity, databases: Databases, tmp_path: Path) -> None:
    owner = await Owner.of(mailing, tmp_path)
    first, second = await owner.link(), await owner.link(THIRD)
    ensure_problem(await owner.confirm(first), 404, "link_invalid")
    assert (await owner.confirm(second)).status_code == 204
    assert await address(databases) == THIRD


async def test_link_is_invalid_after_an_hour(mailing: Identity, tmp_path: Path, clock: StandingClock) -> None:
    owner = await Owner.of(mailing, tmp_path)
    token = await owner.link()
    clock.advance(seconds=3600)
    ensure_problem(await owner.confirm(token), 404, "link_invalid")


async def test_links_are_invalid_after_a_change_of_the_password(mailing: Identity, tmp_path: Path) -> None:
    owner = await Owner.of(mailing, tmp_path)
    verification = await token_in_letter(tmp_path, OLD, "/verify-email")
    token = await owner.link()
    assert (await owner.change_password(PASSWORD, OTHER)).status_code == 204
    ensure_problem(await owner.confirm(token), 404, "link_invalid")
    answer = await mailing.http.post(f"/email-verifications/{verification}", json={"password": OTHER})
    ensure_problem(answer, 404, "link_invalid")


async def test_links_that_were_sent_to_the_former_address_are_invalid(mailing: Identity, tmp_path: Path) -> None:
    owner = await Owner.of(mailing, tmp_path)
    await mailing.http.post("/password-resets", json={"email": OLD})
    reset = await token_in_letter(tmp_path, OLD, "/reset-password")
    verification = await token_in_letter(tmp_path, OLD, "/verify-email")
    await owner.move()
    ensure_problem(await owner.reset(reset, OTHER), 404, "link_invalid")
    answer = await mailing.http.post(f"/email-verifications/{verification}", json={"password": PASSWORD})
    ensure_problem(answer, 404, "link_invalid")
