"""The owner of an account is told by letter that somebody has entered the password and wrong codes."""

from pathlib import Path

import pytest

from tests.identity.both_steps import WRONG_CODE, Codes, register_with_codes, send_code, send_password
from tests.identity.browsing import browsing
from tests.identity.mailbox import all_sent, letters
from tests.support.databases import Databases
from tests.support.limits import exact_counts
from tests.support.services import IDENTITY_URL, Identity

__all__ = ["exact_counts"]

ADA = "ada@example.com"
SUBJECT = "entered your password and wrong codes"
AUDIT = "SELECT actor = subject AS is_own FROM identity.audit_entries WHERE action = 'second_factor.failed'"


@pytest.fixture
async def ada(mailing: Identity) -> Codes:
    return await register_with_codes(mailing)


async def enter(identity: Identity, *codes: str) -> None:
    """Enter the right password in another browser, and then these codes."""
    async with browsing(identity) as browser:
        await send_password(browser)
        for code in codes:
            await send_code(browser, code)


async def sent(databases: Databases, folder: Path) -> int:
    await all_sent(databases)
    return len(letters(folder, ADA, SUBJECT))


async def test_half_open_sign_in_that_wrong_codes_have_ended_is_told_to_the_owner_once_and_recorded(
    mailing: Identity, ada: Codes, databases: Databases, tmp_path: Path
) -> None:
    await enter(mailing, *[WRONG_CODE] * 4)
    assert await sent(databases, tmp_path) == 0
    await enter(mailing, WRONG_CODE)
    assert await sent(databases, tmp_path) == 1
    await enter(mailing, *["0000-0000-0000-0000"] * 5)
    assert await sent(databases, tmp_path) == 1
    assert [row["is_own"] for row in await databases.fetch("identity_owner", AUDIT)] == [True]
    (letter,) = letters(tmp_path, ADA, SUBJECT)
    for kind in ("plain", "html"):
        body = letter.get_body((kind,))
        assert body is not None
        assert f"{IDENTITY_URL}/account/password" in body.get_content()


async def test_five_wrong_codes_of_one_half_open_sign_in_are_told(
    mailing: Identity, ada: Codes, databases: Databases, tmp_path: Path
) -> None:
    await enter(mailing, *[WRONG_CODE] * 5)
    assert await sent(databases, tmp_path) == 1


async def test_right_codes_are_told_to_nobody(
    mailing: Identity, ada: Codes, databases: Databases, tmp_path: Path
) -> None:
    for code in ada.recovery_codes[:5]:
        await enter(mailing, code)
    await enter(mailing, WRONG_CODE, WRONG_CODE, ada.code())
    assert await sent(databases, tmp_path) == 0
    assert await databases.fetch("identity_owner", AUDIT) == []


async def test_wrong_codes_of_another_account_count_apart(
    mailing: Identity, ada: Codes, databases: Databases, tmp_path: Path
) -> None:
    eve = await register_with_codes(mailing, "eve")
    await enter(mailing, *[WRONG_CODE] * 4)
    async with browsing(mailing) as browser:
        await send_password(browser, "eve")
        for code in (*[WRONG_CODE] * 4, eve.code()):
            await send_code(browser, code)
    assert await sent(databases, tmp_path) == 0
