"""The letter about a device that an account did not know: when a program signs in with a password."""

import asyncio
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from identity_service.ending import RETENTION
from identity_service.sessions.new_devices import KNOWN_FOR
from tests.identity.mailbox import all_sent, letters, token_in_letter
from tests.identity.test_limits import at
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity
from watchword.testing import StandingClock

ADA = "ada@example.com"
SUBJECT = "A new device"
LAPTOP, PHONE = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "curl/8"
VERIFY = "UPDATE identity.users SET email_verified_at = created_at"


async def verified(identity: Identity, databases: Databases, username: str = "ada") -> str:
    user_id = await identity.register(username)
    await databases.execute("identity_owner", VERIFY)
    return user_id


async def sign_in(identity: Identity, device: str, password: str = PASSWORD) -> httpx.Response:
    form = {"grant_type": "password", "username": "ada", "password": password}
    return await identity.http.post("/oauth/token", data=form, headers={"User-Agent": device})


async def letters_about_devices(databases: Databases, folder: Path, to: str = ADA) -> list[EmailMessage]:
    """The letters about devices, once none waits."""
    await all_sent(databases)
    return letters(folder, to, SUBJECT)


@pytest.fixture
async def known(mailing: Identity, databases: Databases, clock: StandingClock) -> Identity:
    """The service, where ada has signed in on her laptop, which was her first sign-in."""
    await verified(mailing, databases)
    assert (await sign_in(mailing, LAPTOP)).status_code == 200
    clock.advance(seconds=3600)
    return mailing


async def test_first_sign_in_and_another_one_on_the_same_device_send_no_letter(
    known: Identity, databases: Databases, tmp_path: Path
) -> None:
    assert (await sign_in(known, LAPTOP)).status_code == 200
    assert await letters_about_devices(databases, tmp_path) == []


async def test_another_device_is_told_once_with_its_name_and_a_link_that_ends_everything(
    known: Identity, databases: Databases, tmp_path: Path
) -> None:
    tokens = (await sign_in(at(known, "192.0.2.66"), PHONE)).json()
    assert (await sign_in(known, PHONE)).status_code == 200
    (letter,) = await letters_about_devices(databases, tmp_path)
    text = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "curl" in text
    assert "192.0.2.66" in text.replace("\u2060", "")
    token = await token_in_letter(tmp_path, ADA, "/security-notice")
    assert (await known.http.post(f"/security-notices/{token}")).status_code == 204
    assert (await known.refresh(tokens["refresh_token"])).status_code == 400


async def test_long_description_hides_no_address(known: Identity, databases: Databases, tmp_path: Path) -> None:
    assert (await sign_in(at(known, "192.0.2.66"), "x" * 500)).status_code == 200
    (letter,) = await letters_about_devices(databases, tmp_path)
    text = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "xxx, 192.0.2.66." in text.replace("\u2060", "")


async def test_wrong_password_sends_no_letter(known: Identity, databases: Databases, tmp_path: Path) -> None:
    assert (await sign_in(known, PHONE, "wrong")).status_code == 400
    assert await letters_about_devices(databases, tmp_path) == []


async def test_program_that_does_not_name_itself_is_a_device_too(
    known: Identity, databases: Databases, clock: StandingClock, tmp_path: Path
) -> None:
    assert (await sign_in(known, "")).status_code == 200
    assert len(await letters_about_devices(databases, tmp_path)) == 1
    clock.advance(seconds=3600)
    assert (await sign_in(known, "")).status_code == 200
    assert len(await letters_about_devices(databases, tmp_path)) == 1


async def test_two_sign_ins_at_once_on_another_device_send_one_letter(
    known: Identity, databases: Databases, tmp_path: Path
) -> None:
    answers = await asyncio.gather(*(sign_in(known, PHONE) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [200] * 5
    assert len(await letters_about_devices(databases, tmp_path)) == 1


async def test_device_is_forgotten_ninety_days_after_its_last_use(
    known: Identity, databases: Databases, tmp_path: Path
) -> None:
    used = "UPDATE identity.sessions SET last_seen_at = last_seen_at - $1::interval"
    await databases.execute("identity_owner", used, KNOWN_FOR - timedelta(hours=2))
    assert (await sign_in(known, LAPTOP)).status_code == 200
    assert await letters_about_devices(databases, tmp_path) == []
    await databases.execute("identity_owner", used, KNOWN_FOR)
    assert (await sign_in(known, LAPTOP)).status_code == 200
    assert len(await letters_about_devices(databases, tmp_path)) == 1


async def test_account_of_whose_sign_ins_nothing_is_left_is_not_one_that_never_signed_in(
    known: Identity, databases: Databases, tmp_path: Path
) -> None:
    await databases.execute("identity_owner", "DELETE FROM identity.sessions")
    made = "UPDATE identity.users SET created_at = created_at - $1::interval"
    await databases.execute("identity_owner", made, RETENTION + timedelta(minutes=1))
    assert (await sign_in(known, LAPTOP)).status_code == 200
    assert len(await letters_about_devices(databases, tmp_path)) == 1


async def test_devices_of_another_account_are_not_known_to_this_one(
    known: Identity, databases: Databases, tmp_path: Path
) -> None:
    await verified(known, databases, "eve")
    for device in (LAPTOP, PHONE):
        form = {"grant_type": "password", "username": "eve", "password": PASSWORD}
        answer = await known.http.post("/oauth/token", data=form, headers={"User-Agent": device})
        assert answer.status_code == 200
    assert (await sign_in(known, PHONE)).status_code == 200
    assert (
        len(await letters_about_devices(databases, tmp_path)),
        len(letters(tmp_path, "eve@example.com", SUBJECT)),
    ) == (1, 1)


async def test_unverified_address_gets_no_letter(known: Identity, databases: Databases, tmp_path: Path) -> None:
    await databases.execute("identity_owner", "UPDATE identity.users SET email_verified_at = NULL")
    assert (await sign_in(known, PHONE)).status_code == 200
    assert await letters_about_devices(databases, tmp_path) == []


async def test_account_gets_three_such_letters_an_hour_and_more_devices_sign_in(
    clean_databases: Databases, clock: StandingClock, tmp_path: Path
) -> None:
    settings = {"mail_folder": tmp_path, "limit_letters_account": "3/3600"}
    async with services.identity(clean_databases, clock=clock, **settings) as identity:
        await verified(identity, clean_databases)
        for number in range(8):
            assert (await sign_in(identity, f"{PHONE}.{number}")).status_code == 200
            clock.advance(seconds=90)
        assert len(await letters_about_devices(clean_databases, tmp_path)) == 3


async def test_without_a_mail_server_nothing_is_written(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    await verified(identity_at, databases)
    for device in (LAPTOP, PHONE):
        assert (await sign_in(identity_at, device)).status_code == 200
        clock.advance(seconds=3600)
    for table in ("account_links", "jobs WHERE kind = 'letter'"):
        assert await databases.fetch("identity_app", f"SELECT FROM identity.{table}") == []


async def test_start_that_fails_sends_no_letter(
    known: Identity, databases: Databases, clock: StandingClock, tmp_path: Path
) -> None:
    # Until the next key is made, nothing can be signed.
    clock.advance(seconds=known.parts.settings.signing_key_seconds + known.parts.settings.refresh_token_seconds)
    assert (await sign_in(known, PHONE)).status_code == 503
    assert await letters_about_devices(databases, tmp_path) == []
