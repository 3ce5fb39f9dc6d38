"""The letter about a device that a person has let sign in."""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.identity.browsing import Browsing, browsing
from tests.identity.device_flow import NAME, allow, deny, register_client, switched_on
from tests.identity.mailbox import all_sent, letters, token_in_letter
from tests.identity.test_new_device_letter import ADA, VERIFY
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import POSTS_URL, Identity
from watchword.testing import StandingClock

SUBJECT = "A device was connected"


@pytest.fixture
async def ada(mailing: Identity, databases: Databases) -> AsyncIterator[Browsing]:
    """The browser of ada, whose address is verified; there is a client for devices."""
    await register_client(mailing)
    async with browsing(mailing, "ada") as browser:
        await databases.execute("identity_owner", VERIFY)
        yield browser


async def connect(identity: Identity, browser: Browsing) -> dict[str, str]:
    """Let one more device sign in. Returns its tokens."""
    television = await switched_on(identity)
    await allow(browser, television)
    return await television.tokens()


async def letters_about_devices(databases: Databases, folder: Path) -> list[EmailMessage]:
    await all_sent(databases)
    return letters(folder, ADA, SUBJECT)


async def test_letter_names_the_application_and_the_device_and_can_end_its_session(
    mailing: Identity, ada: Browsing, databases: Databases, tmp_path: Path
) -> None:
    tokens = await connect(mailing, ada)
    (letter,) = await letters_about_devices(databases, tmp_path)
    text = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert f"The application {NAME} was connected to your account ada" in text
    assert "127.0.0.1" in text.replace("\u2060", "")
    token = await token_in_letter(tmp_path, ADA, "/security-notice")
    assert (await mailing.http.post(f"/security-notices/{token}")).status_code == 204
    assert (await mailing.refresh(tokens["refresh_token"], client_id="notes-tv")).status_code == 400


async def test_every_device_is_a_new_one_also_beside_a_notice_of_the_browser(
    mailing: Identity, ada: Browsing, databases: Databases, tmp_path: Path
) -> None:
    async with browsing(mailing) as other:
        await other.sign_on()
        assert len(await letters_about_devices(databases, tmp_path)) == 0
        for number in (1, 2):
            await connect(mailing, other)
            assert len(await letters_about_devices(databases, tmp_path)) == number
    assert len(letters(tmp_path, ADA, "A new device")) == 1


async def test_nothing_is_told_of_a_device_that_does_not_sign_in(
    mailing: Identity, ada: Browsing, databases: Databases, tmp_path: Path
) -> None:
    denied, waiting, refused = [await switched_on(mailing) for _ in range(3)]
    await deny(ada, denied)
    assert await denied.error() == "access_denied"
    await allow(ada, waiting)
    await allow(ada, refused)
    # Such attempts use no limit of letters up.
    for _ in range(5):
        assert await refused.error(resource="https://elsewhere.example") == "invalid_target"
    assert await letters_about_devices(databases, tmp_path) == []
    await refused.tokens(resource=POSTS_URL)
    assert await refused.error() == "invalid_grant"
    assert len(await letters_about_devices(databases, tmp_path)) == 1


async def test_letters_about_devices_have_a_limit_and_devices_sign_in_beyond_it(
    clean_databases: Databases, clock: StandingClock, tmp_path: Path
) -> None:
    settings = {"mail_folder": tmp_path, "limit_letters_account": "2/3600"}
    async with services.identity(clean_databases, clock=clock, **settings) as identity:
        await register_client(identity)
        async with browsing(identity, "ada") as browser:
            await clean_databases.execute("identity_owner", VERIFY)
            for _ in range(4):
                await connect(identity, browser)
        assert len(await letters_about_devices(clean_databases, tmp_path)) == 2


async def test_unverified_address_gets_no_letter_and_without_a_mail_server_there_is_no_link(
    mailing: Identity, ada: Browsing, databases: Databases, clock: StandingClock, tmp_path: Path
) -> None:
    await databases.execute("identity_owner", "UPDATE identity.users SET email_verified_at = NULL")
    await connect(mailing, ada)
    assert await letters_about_devices(databases, tmp_path) == []
    await databases.execute("identity_owner", VERIFY)
    async with services.identity(databases, clock=clock) as without, browsing(without) as browser:
        await browser.sign_on()
        await connect(without, browser)
    for table in ("account_links WHERE kind = 'notice'", "jobs WHERE kind = 'letter'"):
        assert await databases.fetch("identity_app", f"SELECT FROM identity.{table}") == []
