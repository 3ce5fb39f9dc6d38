"""Where a rendered letter goes: to a mail server, or into a folder."""

import asyncio
import logging
import os
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from identity_service.letters.answers import (
    MailUnavailable,
    Undeliverable,
    described,
    is_about_us,
    is_certificate,
    refusal,
)
from watchword.http_client.tls import ssl_context
from watchword.jobs import JobRefused

logger = logging.getLogger("watchword.letters")

TIMEOUT_SECONDS: Final = 10.0
"""For each answer before the content."""

OPENING_SECONDS: Final = 40.0
"""For everything before the content."""

CONTENT_SECONDS: Final = 120.0
"""For the content and its answer: a server may examine the letter before it takes it (RFC 5321 section 4.5.3.2.6). One
that is left too early has taken the letter, and gets it again."""

_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}


class Mail(NamedTuple):
    """A message, its envelope, a name for its file, and its link."""

    message: EmailMessage
    sender: str
    recipient: str
    name: str
    link: str


class Mailer(Protocol):
    async def send(self, mail: Mail, *, deadline: float) -> None:
        """Return when the letter was taken. After `deadline`, by the event loop's clock, it is not sent.

        Raises MailUnavailable; Undeliverable if it never will be taken because of the recipient, and JobRefused if
        because of the content.
        """


class SmtpServer(NamedTuple):
    host: str
    port: int | None
    security: str
    username: str | None
    password: str | None


class SmtpMailer:
    """Sends each letter on a connection of its own. The server has `timeout_seconds` for each answer before the
    content, and `content_seconds` for the answer to it."""

    def __init__(
        self,
        server: SmtpServer,
        tls: ssl.SSLContext | None = None,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        content_seconds: float = CONTENT_SECONDS,
    ) -> None:
        self._server = server
        self._port = server.port or _PORTS[server.security]
        self._tls = tls or ssl_context()
        self._timeout_seconds = timeout_seconds
        self._content_seconds = content_seconds

    async def send(self, mail: Mail, *, deadline: float) -> None:
        smtp = self._client(mail.sender)
        try:
            await self._open(smtp, mail)
            _ensure_in_time(deadline)
            await self._send_content(smtp, mail)
            # The server has taken it. Nothing is awaited after that, so that no cancellation has it sent again.
            _say_goodbye(smtp)
        finally:
            smtp.close()

    def _client(self, sender: str) -> SMTP:
        server = self._server
        return SMTP(
            hostname=server.host,
            port=self._port,
            username=server.username,
            password=server.password,
            # The default is looked up in the DNS, which blocks.
            local_hostname=sender.rpartition("@")[2],
            timeout=self._timeout_seconds,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=None if server.security == "none" else self._tls,
        )

    async def _open(self, smtp: SMTP, mail: Mail) -> None:
        """Everything before the content."""
        try:
            async with asyncio.timeout(OPENING_SECONDS):
                await self._connect(smtp)
                await self._address(smtp, mail)
        except TimeoutError as error:
            raise MailUnavailable(f"the mail server took longer than {OPENING_SECONDS:g} s") from error

    async def _connect(self, smtp: SMTP) -> None:
        try:
            await smtp.connect()
        except SMTPAuthenticationError as error:
            self._warn(f"refuses IDENTITY_SMTP_USERNAME or IDENTITY_SMTP_PASSWORD ({error.code})", error)
        except (SMTPException, OSError, ValueError) as error:
            if is_certificate(error):
                self._warn("shows a certificate that is not trusted for IDENTITY_SMTP_HOST", error)
            # The class itself stands for a missing STARTTLS.
            if isinstance(error, SMTPNotSupported) or type(error) is SMTPException:
                self._warn("does not offer what IDENTITY_SMTP_SECURITY or IDENTITY_SMTP_USERNAME needs", error)
            raise MailUnavailable(f"the mail server cannot be used: {described(error)}") from error

    async def _address(self, smtp: SMTP, mail: Mail) -> None:
        """The envelope."""
        try:
            options = await self._options(smtp, mail)
            encoding = "utf-8" if options else "ascii"
            await smtp.mail(mail.sender, options=options, encoding=encoding)
            await smtp.rcpt(mail.recipient, encoding=encoding)
        except SMTPSenderRefused as error:
            self._warn(f"refuses IDENTITY_MAIL_SENDER ({error.code})", error)
        except SMTPRecipientRefused as error:
            if is_about_us(error):
                self._warn(f"does not let this client or IDENTITY_MAIL_SENDER send ({described(error)})", error)
            raise refusal(error, "the address", Undeliverable) from error
        except (SMTPException, OSError) as error:
            raise MailUnavailable(f"the mail server did not take the letter: {described(error)}") from error

    async def _send_content(self, smtp: SMTP, mail: Mail) -> None:
        try:
            async with asyncio.timeout(self._content_seconds):
                await smtp.data(mail.message.as_bytes(), timeout=None)
        except SMTPResponseException as error:
            raise refusal(error, "the letter", JobRefused) from error
        except (SMTPException, OSError) as error:
            raise MailUnavailable(f"the mail server did not take the letter: {described(error)}") from error

    async def _options(self, smtp: SMTP, mail: Mail) -> list[str]:
        """What the address needs. Raises Undeliverable if the server does not offer it (RFC 6531)."""
        if mail.recipient.isascii():
            return []
        # What it offers has to be read again after STARTTLS.
        await smtp.ehlo()
        if not smtp.supports_extension("smtputf8"):
            raise Undeliverable("the mail server does not take addresses with other characters than ASCII (SMTPUTF8)")
        return ["SMTPUTF8", "BODY=8BITMIME"]

    def _warn(self, fault: str, error: Exception) -> None:
        """Name a fault of the configuration, which is tried again, since somebody may mend it."""
        logger.warning("the mail server %s:%d %s", self._server.host, self._port, fault)
        raise MailUnavailable(f"the mail server {fault}") from error


class FolderMailer:
    """Writes each letter to a file that only its owner reads, and logs its link."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, mail: Mail, *, deadline: float) -> None:
        file = self._folder / f"{mail.name}.eml"
        _ensure_in_time(deadline)
        try:
            await asyncio.to_thread(_write, file, mail.message.as_bytes())
        except OSError as error:
            raise MailUnavailable(f"{self._folder} cannot be written: {error.strerror}") from error
        logger.info("letter %s: %s", file, mail.link)


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
    draft.replace(file)


def _ensure_in_time(deadline: float) -> None:
    """Another process may send the letter by then."""
    if asyncio.get_running_loop().time() >= deadline:
        raise MailUnavailable("the lease of the job is over")


def _say_goodbye(smtp: SMTP) -> None:
    """Send QUIT without waiting for its answer; the caller closes the connection, which is flushed first."""
    if smtp.protocol is not None and smtp.is_connected:
        smtp.protocol.write(b"QUIT\r\n")
