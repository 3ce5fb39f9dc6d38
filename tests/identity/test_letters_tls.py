"""Letters leave over TLS that is verified; a fault of the configuration is named in the log, its secret never."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from identity_service.letters.answers import MailUnavailable, Undeliverable
from identity_service.letters.mailer import SmtpMailer, SmtpServer
from tests.identity.letter_jobs import FOREVER, mail
from tests.support.authorities import Authority
from tests.support.mail_server import MailServer, mail_server

PASSWORD = "word of the mail server"


def mailer(inbox: MailServer, authority: Authority, password: str | None = None) -> SmtpMailer:
    trust = ssl.create_default_context(cafile=authority.certificate)
    user = None if password is None else "watchword"
    return SmtpMailer(SmtpServer("127.0.0.1", inbox.port, "starttls", user, password), trust)


@contextmanager
def refusal(caplog: pytest.LogCaptureFixture, warning: str) -> Iterator[None]:
    with pytest.raises(MailUnavailable):
        yield
    messages = [record.getMessage() for record in caplog.records if record.name == "watchword.letters"]
    assert len(messages) == 1
    assert warning in messages[0]
    assert not [record for record in caplog.records if PASSWORD in record.getMessage()]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ours")


async def test_a_trusted_server_with_the_right_password_takes_letters(authority: Authority) -> None:
    async with mail_server(authority.server_context("127.0.0.1"), password=PASSWORD) as inbox:
        await mailer(inbox, authority, PASSWORD).send(mail(), deadline=FOREVER)
        assert inbox.recipients == ["ada@example.com"]


async def test_another_authority_s_certificate_is_refused(
    authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = Authority(tmp_path, "other")
    async with mail_server(other.server_context("127.0.0.1"), password=PASSWORD) as inbox:
        with refusal(caplog, "certificate that is not trusted for IDENTITY_SMTP_HOST"):
            await mailer(inbox, authority, PASSWORD).send(mail(), deadline=FOREVER)
        assert inbox.letters == []


async def test_a_server_without_tls_gets_nothing(authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    async with mail_server() as inbox:
        with refusal(caplog, "does not offer what IDENTITY_SMTP_SECURITY"):
            await mailer(inbox, authority).send(mail(), deadline=FOREVER)
        assert inbox.letters == []


async def test_a_wrong_password_is_named_and_not_logged(authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    async with mail_server(authority.server_context("127.0.0.1"), password="another word") as inbox:
        with refusal(caplog, "refuses IDENTITY_SMTP_USERNAME or IDENTITY_SMTP_PASSWORD"):
            await mailer(inbox, authority, PASSWORD).send(mail(), deadline=FOREVER)


async def test_nothing_is_sent_after_the_lease_of_the_job(authority: Authority) -> None:
    async with mail_server(authority.server_context("127.0.0.1")) as inbox:
        with pytest.raises(MailUnavailable, match="the lease of the job is over"):
            await mailer(inbox, authority).send(mail(), deadline=0.0)
        assert inbox.letters == []


async def test_an_address_in_other_characters_needs_smtputf8(authority: Authority) -> None:
    async with mail_server(authority.server_context("127.0.0.1")) as inbox:
        await mailer(inbox, authority).send(mail("łukasz@example.com"), deadline=FOREVER)
        assert inbox.recipients == ["łukasz@example.com"]
        inbox.takes_utf8 = False
        with pytest.raises(Undeliverable, match="SMTPUTF8"):
            await mailer(inbox, authority).send(mail("łukasz@example.com"), deadline=FOREVER)
