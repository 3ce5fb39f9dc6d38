"""The objects that letters need, built from the settings."""

import logging

from identity_service.keys.sealing import Sealer
from identity_service.letters.delivery import LetterDelivery, new_outcomes
from identity_service.letters.mailer import FolderMailer, Mailer, SmtpMailer, SmtpServer
from identity_service.letters.templates import Templates
from identity_service.letters.writer import Writer
from identity_service.mail_settings import MailSettings, sender_of
from watchword.clock import Clock
from watchword.database.database import Database

logger = logging.getLogger("watchword.letters")


class LetterParts:
    """`delivery` is None if the settings name no mail server and no folder: then no letter is enqueued."""

    def __init__(self, settings: MailSettings, database: Database, sealer: Sealer, clock: Clock) -> None:
        mailer = _mailer(settings)
        sender = sender_of(settings.mail_sender or "no-reply@localhost")
        self.writer = Writer(Templates(settings.letter_templates), settings.issuer, sender)
        self.delivery = None if mailer is None else LetterDelivery(database, sealer, mailer, self.writer, clock)
        self.outcomes = new_outcomes() if self.delivery is None else self.delivery.outcomes

    def check(self) -> None:
        """Raise TemplatesRefused if a template cannot be used; say once if no letter can be sent."""
        self.writer.check()
        if self.delivery is None:
            logger.warning("no letters are sent: set IDENTITY_SMTP_HOST, or for development IDENTITY_MAIL_FOLDER")


def _mailer(settings: MailSettings) -> Mailer | None:
    if settings.mail_folder is not None:
        return FolderMailer(settings.mail_folder)
    if settings.smtp_host is None:
        return None
    password = settings.smtp_password
    return SmtpMailer(
        SmtpServer(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_security,
            settings.smtp_username,
            None if password is None else password.get_secret_value(),
        )
    )
