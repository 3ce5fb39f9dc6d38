"""POST /email-changes/{token}/undo: who receives the letters of the former address restores it."""

import asyncio
from pathlib import Path

from tests.identity.address_changes import FRESH, OLD, Owner, address
from tests.identity.answers import ensure_oauth_error, ensure_problem, statuses
from tests.identity.mailbox import token_in_letter
from tests.identity.receivers import receiver_with_stream
from tests.identity.signing_in import ensure_ended
from tests.identity.test_registration import register
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity
from watchword.testing import StandingClock

OTHER = "staple battery horse"
THIRD = "third@example.com"
WEEK = 7 * 24 * 3600


async def ensure_owned_again(owner: Owner, number: int = 1) -> None:
    """The password is unusable until it is reset by the letter to the former address."""
    for password in (PASSWORD, OTHER):
        refused = await owner.identity.token(grant_type="password", username="ada", password=password)
        ensure_oauth_error(refused, "invalid_grant")
    reset = await token_in_letter(owner.folder, OLD, "/reset-password", number)
    assert (await owner.reset(reset, "paper clouds over Turin")).status_code == 204
    await owner.sign_in("paper clouds over Turin")


async def test_undo_restores_the_address_ends_every_session_and_withdraws_the_password(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    owner = await Owner.of(mailing, tmp_path)
    undo = await owner.move()
    tokens = await owner.sign_in()
    posts = await receiver_with_stream(mailing)
    await posts.acknowledge()
    assert (await owner.undo(undo)).status_code == 204
    assert await address(databases) == OLD
    events = await posts.events()
    assert [kind for kind, _, _ in events] == ["credential-change", "session-revoked"]
    assert events[0][2]["change_type"] == "revoke"
    await ensure_ended(mailing, tokens)
    ensure_problem(await owner.undo(undo), 404, "link_invalid")
    await ensure_owned_again(owner)


async def test_one_of_twenty_undoings_at_once_works(mailing: Identity, databases: Databases, tmp_path: Path) -> None:
    owner = await Owner.of(mailing, tmp_path)
    undo = await owner.move()
    answers = await asyncio.gather(*(owner.undo(undo) for _ in range(20)))
    assert statuses(answers) == {204: 1, 404: 19}
    assert await address(databases) == OLD


async def test_undo_works_for_seven_days(
    mailing: Identity, databases: Databases, tmp_path: Path, clock: StandingClock
) -> None:
    owner = await Owner.of(mailing, tmp_path)
    undo = await owner.move()
    clock.advance(seconds=WEEK - 1)
    assert (await owner.undo(undo)).status_code == 204
    assert await address(databases) == OLD


async def test_undo_is_invalid_after_seven_days(
    mailing: Identity, databases: Databases, tmp_path: Path, clock: StandingClock
) -> None:
    owner = await Owner.of(mailing, tmp_path)
    undo = await owner.move()
    clock.advance(seconds=WEEK)
    ensure_problem(await owner.undo(undo), 404, "link_invalid")
    assert await address(databases) == FRESH


async def test_undo_outlives_later_changes_of_the_password_and_of_the_address(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    thief = await Owner.of(mailing, tmp_path)
    undo = await thief.move()
    assert (await thief.change_password(PASSWORD, OTHER)).status_code == 204
    undo_of_thief = await thief.move(FRESH, THIRD, OTHER)
    assert (await thief.undo(undo)).status_code == 204
    assert await address(databases) == OLD
    ensure_problem(await thief.undo(undo_of_thief), 404, "link_invalid")
    await ensure_owned_again(thief)


async def test_undo_of_the_owner_works_after_the_thief_has_undone_a_later_change(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    thief = await Owner.of(mailing, tmp_path)
    undo = await thief.move()
    undo_of_thief = await thief.move(FRESH, THIRD)
    assert (await thief.undo(undo_of_thief)).status_code == 204
    assert await address(databases) == FRESH
    assert (await thief.undo(undo)).status_code == 204
    assert await address(databases) == OLD
    await ensure_owned_again(thief)


async def test_undo_works_after_the_thief_has_reset_the_password(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    thief = await Owner.of(mailing, tmp_path)
    undo = await thief.move()
    await mailing.http.post("/password-resets", json={"email": FRESH})
    assert (await thief.reset(await token_in_letter(tmp_path, FRESH, "/reset-password"), OTHER)).status_code == 204
    assert (await thief.undo(undo)).status_code == 204
    assert await address(databases) == OLD
    await ensure_owned_again(thief)


async def test_undo_makes_the_links_of_the_thief_invalid(mailing: Identity, tmp_path: Path) -> None:
    thief = await Owner.of(mailing, tmp_path)
    undo = await thief.move()
    pending = await thief.link(THIRD)
    await mailing.http.post("/password-resets", json={"email": FRESH})
    reset = await token_in_letter(tmp_path, FRESH, "/reset-password")
    assert (await thief.undo(undo)).status_code == 204
    ensure_problem(await thief.confirm(pending), 404, "link_invalid")
    ensure_problem(await thief.reset(reset, OTHER), 404, "link_invalid")


async def test_address_that_was_given_up_is_for_no_other_account_while_it_can_be_restored(
    mailing: Identity, tmp_path: Path, clock: StandingClock
) -> None:
    owner = await Owner.of(mailing, tmp_path)
    await owner.move()
    ensure_problem(await register(mailing, username="eve", email=OLD), 409, "email_taken")
    clock.advance(seconds=WEEK)
    assert (await register(mailing, username="eve", email=OLD)).status_code == 201


async def test_undo_and_another_change_at_once_end_with_the_former_address(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    thief = await Owner.of(mailing, tmp_path)
    undo = await thief.move()
    pending = await thief.link(THIRD)
    undone, _ = await asyncio.gather(thief.undo(undo), thief.confirm(pending))
    assert undone.status_code == 204
    assert await address(databases) == OLD


async def test_answer_to_an_undo_waits_until_it_is_obeyed_if_the_caller_prefers_that(
    mailing: Identity, tmp_path: Path
) -> None:
    owner = await Owner.of(mailing, tmp_path)
    undo = await owner.move()
    await receiver_with_stream(mailing)
    answer = await owner.undo(undo, {"Prefer": "wait=0"})
    assert (answer.status_code, answer.json()) == (200, {"obeyed": [], "outstanding": ["posts"]})
