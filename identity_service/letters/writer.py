"""Writes a letter as a mail message (RFC 5322), with a text and an HTML part."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import idna

from identity_service.letters.answers import Undeliverable
from identity_service.letters.letter import PATHS, Letter
from identity_service.letters.mailer import Mail
from identity_service.letters.templates import Templates, Texts


class Addressee(NamedTuple):
    username: str
    address: str


class Writer:
    """Writes the letters of one issuer, from one sender."""

    def __init__(self, templates: Templates, issuer: str, sender: Address) -> None:
        self._templates = templates
        self._issuer = issuer
        self._sender = sender

    def check(self) -> None:
        """Raise TemplatesRefused if a template cannot be used."""
        self._templates.check()

    def write(self, job_id: UUID, letter: Letter, addressee: Addressee, now: datetime) -> Mail:
        """The message of this job: each attempt has the same Message-ID. Raises Undeliverable for an address that no
        message can be sent to."""
        link = f"{self._issuer}{PATHS[letter.kind]}{letter.token or ''}"
        values = {
            "username": addressee.username,
            "device": letter.device,
            "application": letter.application,
            "passkey": letter.passkey,
            "link": link,
            "expires_at": f"{letter.expires_at:%d %B %Y, %H:%M} UTC" if letter.expires_at else "",
            "service": urlsplit(self._issuer).netloc,
        }
        recipient = _address_of(addressee.address)
        texts = self._templates.render(letter.kind, values)
        message = _message(job_id, self._sender, recipient, texts, now)
        return Mail(message, self._sender.addr_spec, recipient.addr_spec, str(job_id), link)


def _address_of(text: str) -> Address:
    """The stored address, its domain in ASCII. The error does not repeat it.

    Python's own codec is IDNA 2003, by which `straße.de` is `strasse.de`, somebody else's.
    """
    local, _, domain = text.rpartition("@")
    try:
        return Address(username=local, domain=idna.encode(domain, uts46=False).decode())
    except (idna.IDNAError, ValueError, IndexError):
        raise Undeliverable("no message can be sent to the address of the account") from None


def _message(job_id: UUID, sender: Address, recipient: Address, texts: Texts, now: datetime) -> EmailMessage:
    message = EmailMessage(policy=SMTP if recipient.username.isascii() else SMTPUTF8)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = texts.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{job_id}@{sender.domain}>"
    # No answering machine answers it (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    # Servers that take no more than ASCII take this encoding.
    message.set_content(texts.text, cte="quoted-printable")
    message.add_alternative(texts.html, subtype="html", cte="quoted-printable")
    return message
