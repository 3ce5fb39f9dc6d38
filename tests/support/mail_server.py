"""A mail server in this process, which takes letters or does what a test has chosen instead."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


class MailServer:
    """`letters` are those that it has taken, also if the connection was dropped before it said so. It answers
    the command in `hangs_at` once `released` is set; `is_hanging` says that it got it."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answer_to_sender = "250 OK"
        self.answer_to_recipient = "250 OK"
        self.answer_to_data = "250 OK"
        self.hangs_at = ""
        self.is_hanging = False
        self.released = asyncio.Event()
        self.drops = 0
        self.takes_utf8 = True
        self.port = 0
        self.connections: list[SMTP] = []

    @property
    def has_clients(self) -> bool:
        """Whether a connection is open, or has sent what was not read yet."""
        return any(connection.transport is not None for connection in self.connections)

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of a service whose letters go here."""
        return {
            "smtp_host": "127.0.0.1",
            "smtp_port": self.port,
            "smtp_security": "none",
            "mail_sender": "Watchword <no-reply@example.com>",
        }

    def ids(self) -> list[str]:
        return [letter["Message-ID"] for letter in self.letters]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answer_to_sender.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return self.answer_to_sender

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answer_to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer_to_recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answer_to_data.startswith("250"):
            assert isinstance(envelope.original_content, bytes)
            letter = message_from_bytes(envelope.original_content, policy=SMTPUTF8)
            assert isinstance(letter, EmailMessage)
            self.letters.append(letter)
            self.recipients += envelope.rcpt_tos
        await self._hang("DATA")
        if self.drops:
            self.drops -= 1
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return self.answer_to_data

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await self._hang("QUIT")
        return "221 Bye"

    async def _hang(self, command: str) -> None:
        if self.hangs_at == command:
            self.is_hanging = True
            # A lost connection cancels this task.
            await self.released.wait()


@asynccontextmanager
async def mail_server(
    tls: ssl.SSLContext | None = None, *, port: int = 0, password: str | None = None
) -> AsyncIterator[MailServer]:
    """A mail server; with `tls` it offers STARTTLS, and with `password` it asks for it."""
    inbox = MailServer()
    loop = asyncio.get_running_loop()

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: object) -> AuthResult:
        return AuthResult(success=getattr(login, "password", b"").decode() == password, handled=False)

    def connection() -> SMTP:
        options: dict[str, Any] = {} if password is None else {"authenticator": authenticate, "auth_required": True}
        client = SMTP(
            inbox, hostname="localhost", tls_context=tls, enable_SMTPUTF8=inbox.takes_utf8, loop=loop, **options
        )
        inbox.connections.append(client)
        return client

    server = await loop.create_server(connection, "127.0.0.1", port)
    inbox.port = server.sockets[0].getsockname()[1]
    try:
        yield inbox
    finally:
        server.close()
