"""Letters: what they say, whom they go to, and that each arrives."""

import json
import logging
from pathlib import Path

import pytest

from identity_service.letters import LetterKind
from tests.identity.letter_jobs import JOBS, TOKEN, account, enqueue, has_failed, letter, no_jobs
from tests.support import services
from tests.support.databases import Databases
from tests.support.mail_server import MailServer, mail_server
from tests.support.ports import held_port
from tests.support.waiting import until


async def test_every_kind_has_a_text_an_html_part_and_one_link(clean_databases: Databases) -> None:
    async with mail_server() as inbox, services.identity(clean_databases, **inbox.settings) as service:
        ada = await account(service)
        await enqueue(service, *(letter(service, ada, kind, device="Firefox on Linux") for kind in LetterKind))
        await until(lambda: len(inbox.letters) == len(LetterKind))
        for message in inbox.letters:
            text, html = message.get_body(("plain",)), message.get_body(("html",))
            assert text is not None
            assert html is not None
            assert "ada" in text.get_content()
            assert text.get_content().count(services.IDENTITY_URL) == 1
            assert html.get_content().count('href="') == 1
            assert (message["To"], message["Auto-Submitted"]) == ("ada@example.com", "auto-generated")
        await until(lambda: no_jobs(clean_databases))
        assert len(set(inbox.ids())) == len(LetterKind)


async def test_a_letter_to_nobody_is_a_job_that_sends_nothing(clean_databases: Databases) -> None:
    async with mail_server() as inbox, services.identity(clean_databases, **inbox.settings) as service:
        nobody = letter(service, None, LetterKind.RESET_PASSWORD, to="typed@example.com")
        ada = await account(service)
        async with service.parts.database.begin() as db:
            await service.parts.letters.enqueue(db, nobody)
            await service.parts.letters.enqueue(db, letter(service, ada, LetterKind.RESET_PASSWORD))
        await until(lambda: no_jobs(clean_databases))
        assert inbox.recipients == ["ada@example.com"]


async def test_the_job_shows_neither_token_nor_address_nor_device(clean_databases: Databases) -> None:
    async with mail_server() as inbox:
        inbox.answer_to_recipient = "450 4.2.1 later"
        async with services.identity(clean_databases, **inbox.settings) as service:
            ada = await account(service)
            secret = letter(service, ada, LetterKind.NEW_DEVICE, to="other@example.com", device="A telephone")
            await enqueue(service, secret)
            (row,) = await clean_databases.fetch("identity_app", JOBS)
            assert not [word for word in (TOKEN, "other@", "telephone") if word in json.dumps(row["payload"])]


async def test_a_letter_waits_for_the_mail_server_and_arrives_once(clean_databases: Databases) -> None:
    with held_port() as port:
        away = MailServer()
        away.port = port
        async with services.identity(clean_databases, **away.settings) as service:
            ada = await account(service)
            await enqueue(service, *(letter(service, ada, LetterKind.VERIFY_ADDRESS) for _ in range(3)))
            await until(lambda: has_failed(clean_databases))
            async with mail_server(port=port) as inbox:
                await until(lambda: no_jobs(clean_databases))
                assert len(inbox.ids()) == len(set(inbox.ids())) == 3


async def test_a_letter_whose_answer_was_lost_is_sent_again_under_its_message_id(clean_databases: Databases) -> None:
    async with mail_server() as inbox, services.identity(clean_databases, **inbox.settings) as service:
        inbox.drops = 1
        await enqueue(service, letter(service, await account(service), LetterKind.VERIFY_ADDRESS))
        await until(lambda: no_jobs(clean_databases))
        first, second = inbox.ids()
        assert first == second


async def test_a_letter_whose_link_has_expired_is_not_sent(clean_databases: Databases) -> None:
    async with mail_server() as inbox, services.identity(clean_databases, **inbox.settings) as service:
        expired = service.parts.clock.now()
        ada = await account(service)
        await enqueue(service, letter(service, ada, LetterKind.RESET_PASSWORD, expires_at=expired))
        await until(lambda: no_jobs(clean_databases))
        assert inbox.letters == []
        assert service.parts.letter_parts.outcomes["expired"] == 1


async def test_what_a_device_says_of_itself_changes_no_letter(clean_databases: Databases) -> None:
    device = "\u202e<script>x</script>\r\nBcc: eve@example.com\r\n\r\n" + "x" * 5_000
    async with mail_server() as inbox, services.identity(clean_databases, **inbox.settings) as service:
        await enqueue(service, letter(service, await account(service), LetterKind.NEW_DEVICE, device=device))
        await until(lambda: bool(inbox.letters))
        (message,) = inbox.letters
        assert message["Bcc"] is None
        html = message.get_body(("html",))
        assert html is not None
        content = html.get_content()
        assert "<script>" not in content
        assert "&lt;script&gt;" in content
        assert "\u202e" not in content
        assert len(content) < 4_000
        assert inbox.recipients == ["ada@example.com"]


async def test_a_link_is_logged_only_when_letters_are_files(
    clean_databases: Databases, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # The server of this test logs what it gets.
    caplog.set_level(logging.ERROR, "mail.log")
    caplog.set_level(logging.DEBUG)
    async with mail_server() as inbox, services.identity(clean_databases, **inbox.settings) as service:
        ada = await account(service)
        await enqueue(service, letter(service, ada, LetterKind.RESET_PASSWORD))
        await until(lambda: no_jobs(clean_databases))
    assert TOKEN not in caplog.text
    async with services.identity(clean_databases, mail_folder=tmp_path / "mail") as service:
        await enqueue(service, letter(service, ada, LetterKind.RESET_PASSWORD))
        await until(lambda: no_jobs(clean_databases))
    (file,) = (tmp_path / "mail").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert f"{services.IDENTITY_URL}/reset-password/{TOKEN}" in caplog.text


async def test_without_a_mail_server_no_letter_is_enqueued(identity: services.Identity, databases: Databases) -> None:
    ada = await account(identity)
    await enqueue(identity, letter(identity, ada, LetterKind.VERIFY_ADDRESS))
    assert await no_jobs(databases)
