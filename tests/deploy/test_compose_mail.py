"""What identity gets as its settings of mail from docker-compose.yml."""

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from identity_service.settings import Settings
from tests.deploy.test_compose_images import ROOT, services
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


@pytest.mark.parametrize("url", ["https://identity.example.com", "http://identity.example"])
def test_under_a_url_of_its_own_an_address_must_be_proven_unless_the_operator_says_otherwise(url: str) -> None:
    mail = {"SMTP_HOST": "smtp.example.com", "IDENTITY_URL": url}
    assert mail_settings(**mail).email_verification == "required"
    assert mail_settings(**mail, EMAIL_VERIFICATION="optional").email_verification == "optional"
    with pytest.raises(ValidationError, match="accounts prove their addresses by letters"):
        mail_settings(IDENTITY_URL=url)


def test_password_of_the_mail_server_is_a_secret_that_is_empty_by_default() -> None:
    for name in ("identity", "identity-setup"):
        service = services(SMTP_USERNAME="watchword")[name]
        assert "IDENTITY_SMTP_PASSWORD" not in service["environment"]
        assert "IDENTITY_SMTP_PASSWORD" in {secret["source"] for secret in service["secrets"]}
    text = (ROOT / "docker-compose.yml").read_text()
    (default,) = re.findall(r"SMTP_PASSWORD_FILE:-([^}]+)}", text)
    # The services refuse what is no regular file, as /dev/null.
    assert (ROOT / default).is_file()
    assert not (ROOT / default).read_bytes()


def test_example_keeps_the_password_of_the_mail_server_apart_from_the_secrets_and_from_git() -> None:
    examples = dict(re.findall(r"^#(\w+)=(.+)$", (ROOT / "deploy" / "env.example").read_text(), re.MULTILINE))
    folder = Path(examples["SMTP_PASSWORD_FILE"]).parent
    assert folder != Path(".secrets")
    assert any(fnmatch(f"{folder}/", ignored) for ignored in (ROOT / ".gitignore").read_text().splitlines())


def test_the_mailbox_can_be_the_mail_server() -> None:
    settings = mail_settings(SMTP_HOST="mailbox", SMTP_PORT="1025", SMTP_SECURITY="none")
    assert (settings.smtp_host, settings.smtp_security, settings.smtp_port) == ("mailbox", "none", 1025)
