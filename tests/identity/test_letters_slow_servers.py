"""A letter that a slow mail server has taken is not sent again."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from identity_service.letters.delivery import LEASE_SECONDS
from identity_service.letters.mailer import CONTENT_SECONDS, OPENING_SECONDS, SmtpMailer, SmtpServer
from tests.identity.letter_jobs import FOREVER, mail
from tests.support.mail_server import MailServer, mail_server
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
