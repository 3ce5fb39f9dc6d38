"""What becomes of a letter that the mail server refuses, puts off or does not answer, or whose account is deleted."""

import logging
import socket
from collections.abc import AsyncIterator

import pytest

from identity_service.letters import LetterKind
from identity_service.letters.answers import MailUnavailable
from identity_service.letters.mailer import SmtpMailer, SmtpServer
from tests.identity.letter_jobs import FOREVER, JOBS, account, dead, enqueue, has_failed, letter, mail, no_jobs
from tests.support import services
from tests.support.databases import Databases
from tests.support.mail_server import MailServer, mail_server
from tests.support.waiting import until


@pytest.fixture
async def inbox() -> AsyncIterator[MailServer]:
    async with mail_server() as inbox:
        yield inbox


@pytest.fixture
async def service(clean_databases: Databases, inbox: MailServer) -> AsyncIterator[services.Identity]:
    async with services.identity(clean_databases, **inbox.settings) as service:
        yield service


async def enqueue_one(service: services.Identity) -> str:
    """A letter to an account that is registered for it; its id."""
    ada = await account(service)
    await enqueue(service, letter(service, ada, LetterKind.VERIFY_ADDRESS))
    return ada


def outcomes(service: services.Identity) -> dict[str, int]:
    return service.parts.letter_parts.outcomes


async def last_error(databases: Databases) -> tuple[int, str]:
    (row,) = await databases.fetch("identity_app", JOBS)
    return row["attempts"], row["last_error"]


async def test_letter_whose_recipient_is_refused_is_done_with_and_no_log_names_the_address(
    service: services.Identity, inbox: MailServer, databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "watchword.letters")
    inbox.answer_to_recipient = "550 5.1.1 <ada@example.com> is unknown"
    await enqueue_one(service)
    await until(lambda: no_jobs(databases))
    (message,) = [one.getMessage() for one in caplog.records if one.name == "watchword.letters"]
    assert message.endswith(" is not sent: the mail server refuses the address: 550 5.1.1")
    assert inbox.letters == []
    assert outcomes(service) == {"sent": 0, "no_account": 0, "undeliverable": 1, "expired": 0}


async def test_refused_content_is_a_dead_job_at_once(
    service: services.Identity, inbox: MailServer, databases: Databases
) -> None:
    inbox.answer_to_data = "554 5.7.1 <ada@example.com> gets no spam"
    await enqueue_one(service)
    await until(lambda: dead(databases))
    assert await last_error(databases) == (1, "JobRefused: the mail server refuses the letter: 554 5.7.1")
    assert inbox.letters == []


@pytest.mark.parametrize("answer", ["answer_to_recipient", "answer_to_data"])
async def test_letter_that_is_put_off_arrives_later(
    service: services.Identity, inbox: MailServer, databases: Databases, answer: str
) -> None:
    setattr(inbox, answer, "451 4.7.1 try again in a while")
    await enqueue_one(service)
    await until(lambda: has_failed(databases))
    assert not await dead(databases)
    setattr(inbox, answer, "250 OK")
    await until(lambda: no_jobs(databases))
    assert len(inbox.letters) == 1


@pytest.mark.parametrize("answer", ["530 5.7.0 sign in first", "535 who are you", "554 5.7.1 relay access denied"])
async def test_refusal_of_a_recipient_that_is_about_us_is_a_warning_and_the_letter_waits(
    service: services.Identity, inbox: MailServer, databases: Databases, caplog: pytest.LogCaptureFixture, answer: str
) -> None:
    inbox.answer_to_recipient = answer
    await enqueue_one(service)
    await until(lambda: has_failed(databases))
    assert not await dead(databases)
    warnings = {one.getMessage() for one in caplog.records if one.name == "watchword.letters"}
    assert len(warnings) == 1
    assert "does not let this client or IDENTITY_MAIL_SENDER send" in warnings.pop()
    inbox.answer_to_recipient = "250 OK"
    await until(lambda: no_jobs(databases))
    assert len(inbox.letters) == 1


@pytest.mark.parametrize("code", ["450", "550"])
async def test_refused_sender_is_a_warning_and_the_letter_waits(
    service: services.Identity, inbox: MailServer, databases: Databases, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    inbox.answer_to_sender = f"{code} <no-reply@example.com> may not send"
    await enqueue_one(service)
    await until(lambda: has_failed(databases))
    assert not await dead(databases)
    warnings = {one.getMessage() for one in caplog.records if one.name == "watchword.letters"}
    assert warnings == {f"the mail server 127.0.0.1:{inbox.port} refuses IDENTITY_MAIL_SENDER ({code})"}
    inbox.answer_to_sender = "250 OK"
    await until(lambda: no_jobs(databases))
    assert len(inbox.letters) == 1


async def test_account_that_was_deleted_gets_no_letter(
    service: services.Identity, inbox: MailServer, databases: Databases
) -> None:
    inbox.answer_to_recipient = "451 4.7.1 try again in a while"
    ada = await account(service)
    headers = services.bearer((await service.sign_in("ada", resource=services.IDENTITY_URL))["access_token"])
    await enqueue(service, letter(service, ada, LetterKind.ADDRESS_CHANGED, to="before@example.com"))
    await until(lambda: has_failed(databases))
    await delete_account(service, headers)
    inbox.answer_to_recipient = "250 OK"
    await until(lambda: no_jobs(databases))
    assert inbox.letters == []


async def delete_account(service: services.Identity, headers: dict[str, str]) -> None:
    assert (await service.http.delete("/users/me", headers=headers)).status_code == 204


@pytest.mark.parametrize("moment", ["DATA", "connecting"])
async def test_server_that_does_not_answer_is_left_after_a_while(inbox: MailServer, moment: str) -> None:
    inbox.hangs_at = moment
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = inbox.port if moment == "DATA" else silent.getsockname()[1]
        with pytest.raises(MailUnavailable, match="Timeout"):
            await impatient(port).send(mail(), deadline=FOREVER)


async def test_letter_was_taken_although_the_server_does_not_say_goodbye(inbox: MailServer) -> None:
    inbox.hangs_at = "QUIT"
    await impatient(inbox.port).send(mail(), deadline=FOREVER)
    assert len(inbox.letters) == 1


def impatient(port: int) -> SmtpMailer:
    return SmtpMailer(SmtpServer("127.0.0.1", port, "none", None, None), timeout_seconds=0.5, content_seconds=0.5)
