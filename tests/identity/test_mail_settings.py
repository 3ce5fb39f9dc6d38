"""Settings of mail: what contradicts another setting is refused by name before anything starts."""

from typing import Any

import pytest
from pydantic import ValidationError

from identity_service.settings import Settings
from tests.support.services import IDENTITY_URL, KEY_ENCRYPTION_KEY

SERVER = {"smtp_host": "smtp.example.com", "mail_sender": "no-reply@example.com"}
ACCOUNT = {"smtp_username": "watchword", "smtp_password": "word of the mail server"}


def settings(**values: Any) -> Settings:
    common = {"database_url": "postgresql://a@127.0.0.1/b", "issuer": IDENTITY_URL}
    return Settings(**{**common, "key_encryption_key": KEY_ENCRYPTION_KEY, **values})


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "email_verification"),
        ({"smtp_host": "smtp.example.com"}, "mail_sender"),
        ({"mail_folder": "mail", "smtp_port": 25}, "smtp_port"),
        ({"mail_folder": "mail", "smtp_security": "tls"}, "smtp_security"),
        (SERVER | {"mail_folder": "mail"}, "mail_folder"),
        (SERVER | {"smtp_security": "none"}, "smtp_security"),
        (SERVER | {"smtp_password": "word of the mail server"}, "smtp_password"),
        (SERVER | {"smtp_username": "watchword"}, "email_verification"),
        (SERVER | ACCOUNT | {"smtp_host": "mailbox", "smtp_security": "none"}, "smtp_password"),
        (SERVER | {"mail_sender": "nobody"}, "mail_sender"),
        (SERVER | {"mail_sender": "a@example.com\r\nBcc: b@example.com"}, "mail_sender"),
        (SERVER | {"letter_templates": "/nowhere"}, "letter_templates"),
        ({"mail_folder": "mail", "issuer": "https://identity.example.com"}, "mail_folder"),
    ],
)
def test_what_can_have_no_effect_is_refused_by_name(values: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        settings(**values)
    assert [error["loc"] for error in refusal.value.errors()] == [(field,)]


@pytest.mark.parametrize(
    "values",
    [
        SERVER,
        SERVER | ACCOUNT,
        SERVER | {"smtp_host": "mailbox", "smtp_security": "none", "smtp_username": "", "smtp_password": ""},
        {"mail_folder": "mail"},
        {"email_verification": "optional"},
    ],
)
def test_what_is_whole_is_taken(values: dict[str, Any]) -> None:
    settings(**values)
