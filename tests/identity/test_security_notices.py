"""POST /security-notices/{token}: the owner of an account disavows what a notice told them."""

import asyncio
from pathlib import Path

import httpx

from tests.identity.address_changes import FRESH, OLD, UNDO, Owner, address
from tests.identity.answers import ensure_oauth_error, ensure_problem, statuses
from tests.identity.mailbox import token_in_letter
from tests.identity.obeying import ObeyingService
from tests.identity.receivers import receiver_with_stream
from tests.identity.signing_in import ensure_ended, ensure_live
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity
from watchword.testing import StandingClock

OTHER = "staple battery horse"
THIRD = "paper clouds over Turin"
NOTICE = "/security-notice"
WEEK = 7 * 24 * 3600


async def disavow(identity: Identity, token: str, headers: dict[str, str] | None = None) -> httpx.Response:
    return await identity.http.post(f"/security-notices/{token}", headers=headers)


async def notice_of_change(thief: Owner) -> str:
    """Change the password as one who knows it, and return the token of the notice."""
    assert (await thief.change_password(PASSWORD, OTHER)).status_code == 204
    return await token_in_letter(thief.folder, OLD, NOTICE)


async def test_disavowal_ends_every_session_everywhere_and_withdraws_the_password(
    mailing: Identity, tmp_path: Path
) -> None:
    thief = await Owner.of(mailing, tmp_path)
    notice = await notice_of_change(thief)
    posts = await ObeyingService.of(mailing)
    here, there = await mailing.sign_in("ada", OTHER, resource=IDENTITY_URL), await mailing.sign_in("ada", OTHER)
    assert (await disavow(mailing, notice)).status_code == 204
    await ensure_ended(mailing, here)
    await posts.receive()
    assert not await posts.accepts(there["access_token"])
    for password in (PASSWORD, OTHER):
        refused = await mailing.token(grant_type="password", username="ada", password=password)
        ensure_oauth_error(refused, "invalid_grant")
    reset = await token_in_letter(tmp_path, OLD, "/reset-password")
    assert (await thief.reset(reset, THIRD)).status_code == 204
    await mailing.sign_in("ada", THIRD)


async def test_disavowal_leaves_other_accounts_alone(mailing: Identity, tmp_path: Path) -> None:
    await mailing.register("eve")
    eve = await mailing.sign_in("eve", resource=IDENTITY_URL)
    thief = await Owner.of(mailing, tmp_path)
    assert (await disavow(mailing, await notice_of_change(thief))).status_code == 204
    await ensure_live(mailing, eve)


async def test_one_of_twenty_uses_at_once_works(mailing: Identity, tmp_path: Path) -> None:
    thief = await Owner.of(mailing, tmp_path)
    notice = await notice_of_change(thief)
    answers = await asyncio.gather(*(disavow(mailing, notice) for _ in range(20)))
    assert statuses(answers) == {204: 1, 404: 19}


async def test_notice_works_for_seven_days(mailing: Identity, tmp_path: Path, clock: StandingClock) -> None:
    thief = await Owner.of(mailing, tmp_path)
    notice = await notice_of_change(thief)
    clock.advance(seconds=WEEK - 1)
    assert (await disavow(mailing, notice)).status_code == 204


async def test_notice_is_invalid_after_seven_days(mailing: Identity, tmp_path: Path, clock: StandingClock) -> None:
    thief = await Owner.of(mailing, tmp_path)
    notice = await notice_of_change(thief)
    clock.advance(seconds=WEEK)
    ensure_problem(await disavow(mailing, notice), 404, "link_invalid")
    await mailing.sign_in("ada", OTHER)


async def test_notice_works_after_the_password_was_changed_again(mailing: Identity, tmp_path: Path) -> None:
    thief = await Owner.of(mailing, tmp_path)
    notice = await notice_of_change(thief)
    assert (await thief.change_password(OTHER, THIRD)).status_code == 204
    assert (await disavow(mailing, notice)).status_code == 204
    refused = await mailing.token(grant_type="password", username="ada", password=THIRD)
    ensure_oauth_error(refused, "invalid_grant")


async def test_disavowal_makes_a_change_of_address_invalid_that_was_not_confirmed(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    thief = await Owner.of(mailing, tmp_path)
    notice = await notice_of_change(thief)
    pending = await thief.link(password=OTHER)
    assert (await disavow(mailing, notice)).status_code == 204
    ensure_problem(await thief.confirm(pending), 404, "link_invalid")
    assert await address(databases) == OLD


async def test_notice_ends_with_the_address_and_the_letter_about_that_restores_both(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    thief = await Owner.of(mailing, tmp_path)
    notice = await notice_of_change(thief)
    await thief.move(password=OTHER)
    ensure_problem(await disavow(mailing, notice), 404, "link_invalid")
    assert (await thief.undo(await token_in_letter(tmp_path, OLD, UNDO))).status_code == 204
    assert await address(databases) == OLD


async def test_notice_to_the_address_of_the_thief_does_not_end_the_undo_of_the_owner(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    thief = await Owner.of(mailing, tmp_path)
    undo = await thief.move()
    assert (await thief.change_password(PASSWORD, OTHER)).status_code == 204
    assert (await disavow(mailing, await token_in_letter(tmp_path, FRESH, NOTICE))).status_code == 204
    assert (await thief.undo(undo)).status_code == 204
    assert await address(databases) == OLD


async def test_answer_waits_until_it_is_obeyed_if_the_caller_prefers_that(mailing: Identity, tmp_path: Path) -> None:
    thief = await Owner.of(mailing, tmp_path)
    notice = await notice_of_change(thief)
    await receiver_with_stream(mailing)
    answer = await disavow(mailing, notice, {"Prefer": "wait=0"})
    assert (answer.status_code, answer.json()) == (200, {"obeyed": [], "outstanding": ["posts"]})
