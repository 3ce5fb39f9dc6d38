"""A letter that a slow mail server has taken is not sent again, and slow letters hold up no other job."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from identity_service.letters import LetterKind
from identity_service.letters.delivery import LEASE_SECONDS
from identity_service.letters.mailer import CONTENT_SECONDS, OPENING_SECONDS, SmtpMailer, SmtpServer
from identity_service.parts import JOBS_AT_ONCE
from tests.identity.letter_jobs import FOREVER, account, enqueue, letter, mail
from tests.identity.logging_out import NOTES, notes_at
from tests.support import services
from tests.support.databases import Databases
from tests.support.mail_server import MailServer, mail_server
from tests.support.services import IDENTITY_URL, bearer
from tests.support.waiting import until
from watchword.jobs.job import SHARE_OF_LEASE

TIMEOUT_SECONDS = 0.2
AN_HOUR = 3_600.0


@pytest.fixture
async def inbox() -> AsyncIterator[MailServer]:
    async with mail_server() as inbox:
        yield inbox


def mailer(inbox: MailServer, timeout_seconds: float) -> SmtpMailer:
    server = SmtpServer("127.0.0.1", inbox.port, "none", None, None)
    return SmtpMailer(server, timeout_seconds=timeout_seconds, content_seconds=AN_HOUR)


async def test_content_may_be_answered_later_than_a_command(inbox: MailServer) -> None:
    inbox.hangs_at = "DATA"
    sending = asyncio.create_task(mailer(inbox, TIMEOUT_SECONDS).send(mail(), deadline=FOREVER))
    await until(lambda: inbox.is_hanging)
    asyncio.get_running_loop().call_later(3 * TIMEOUT_SECONDS, inbox.released.set)
    await sending
    assert len(inbox.letters) == 1


async def test_cancellation_after_the_letter_was_taken_changes_nothing(inbox: MailServer) -> None:
    inbox.hangs_at = "QUIT"
    sending = asyncio.create_task(mailer(inbox, AN_HOUR).send(mail(), deadline=FOREVER))
    await until(lambda: inbox.is_hanging or sending.done())
    sending.cancel()
    await sending
    assert len(inbox.letters) == 1


def test_an_attempt_has_time_for_the_slowest_server_that_is_waited_for() -> None:
    assert OPENING_SECONDS + CONTENT_SECONDS < SHARE_OF_LEASE * LEASE_SECONDS


async def test_letters_that_wait_for_a_server_hold_up_no_logout_token(
    inbox: MailServer, clean_databases: Databases
) -> None:
    inbox.hangs_at = "DATA"
    async with (
        services.identity(clean_databases, **inbox.settings) as service,
        notes_at(service, clean_databases) as notes,
    ):
        ada = await account(service)
        tokens = await service.sign_in("ada", resource=IDENTITY_URL, **NOTES)
        letters = [letter(service, ada, LetterKind.ADDRESS_CHANGED) for _ in range(JOBS_AT_ONCE)]
        await enqueue(service, *letters)
        await until(lambda: inbox.is_hanging)
        await service.http.delete("/sessions/current", headers=bearer(tokens["access_token"]))
        await until(lambda: len(notes.tokens) == 1)
        inbox.released.set()
