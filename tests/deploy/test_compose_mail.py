"""What identity gets as its settings of mail from docker-compose.yml."""

from typing import Any

from identity_service.settings import Settings
from tests.deploy.test_compose_images import services
from tests.support.services import KEY_ENCRYPTION_KEY


def mail_settings(**variables: str) -> Settings:
    """The settings as identity reads them in its container, from compose with these variables."""
    environment = services(**variables)["identity"]["environment"]
    values = {name.removeprefix("IDENTITY_").lower(): value for name, value in environment.items()}
    fields = {name: values[name] for name in values if name.startswith(("smtp_", "mail_", "email_", "issuer"))}
    others: dict[str, Any] = {"database_url": "postgresql://a@127.0.0.1/b", "key_encryption_key": KEY_ENCRYPTION_KEY}
    return Settings(**others, **fields)


def test_without_a_mail_server_no_letters_are_sent() -> None:
    settings = mail_settings()
    assert (settings.smtp_host, settings.mail_folder, settings.email_verification) == (None, None, "optional")


def test_a_mail_server_has_the_port_of_its_security_unless_another_one_is_set() -> None:
    settings = mail_settings(SMTP_HOST="smtp.example.com")
    assert (settings.smtp_host, settings.smtp_security, settings.smtp_port) == ("smtp.example.com", "starttls", None)
    assert mail_settings(SMTP_HOST="smtp.example.com", SMTP_PORT="2525").smtp_port == 2525


def test_the_mailbox_can_be_the_mail_server() -> None:
    settings = mail_settings(SMTP_HOST="mailbox", SMTP_PORT="1025", SMTP_SECURITY="none")
    assert (settings.smtp_host, settings.smtp_security, settings.smtp_port) == ("mailbox", "none", 1025)
