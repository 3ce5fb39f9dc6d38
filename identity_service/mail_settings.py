"""The settings of mail: where letters are sent, who sends them, and what they look like."""

import re
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from watchword.loopback import is_loopback
from watchword.service import ServiceSettings
from watchword.service.secret_values import ensure_different, ensure_unquoted

_SMTP: Final = ("smtp_port", "smtp_security", "smtp_username", "smtp_password")
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:]+")


class MailSettings(ServiceSettings):
    """Fields are judged in this order; each judges itself by those before it. An empty one counts as left out."""

    smtp_host: str | None = Field(None, description="Mail server that takes the letters, a name or an address")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="starttls, tls, or none, which only a host on this machine or one whose name has no dot may have",
    )
    smtp_port: int | None = Field(
        None, ge=1, le=65535, description="Port of the mail server; default: 587, with tls 465, with none 25"
    )
    smtp_username: str | None = Field(None, description="Account at the mail server, if it asks for one")
    smtp_password: SecretStr | None = Field(None, description="Password of that account")
    mail_folder: Path | None = Field(
        None,
        description="Folder that letters are written to instead of being sent, for development on this machine;"
        " their links are logged",
    )
    mail_sender: str | None = Field(
        None,
        validate_default=True,
        description="Sender of the letters: `address` or `Name <address>`; required with a mail server",
    )
    letter_templates: Path | None = Field(
        None, description="Folder whose files replace templates of letters, each by its name"
    )
    email_verification: Literal["required", "optional"] = Field(
        "required",
        validate_default=True,
        description="Whether an account must prove its e-mail address before it signs in: required or optional;"
        " required needs a mail server or a folder",
    )

    @field_validator("smtp_host", *_SMTP, "mail_folder", "mail_sender", "letter_templates", mode="before")
    @classmethod
    def _none_if_empty(cls, value: Any, info: ValidationInfo) -> Any:
        return cls.model_fields[info.field_name or ""].default if value == "" else value

    @field_validator("smtp_host")
    @classmethod
    def _is_mail_host(cls, value: str | None) -> str | None:
        if value is not None and not _HOST.fullmatch(value):
            raise ValueError("it must be an address or a name, without scheme, port and brackets")
        return value

    @field_validator(*_SMTP)
    @classmethod
    def _needs_host(cls, value: Any, info: ValidationInfo) -> Any:
        is_left_out = value == cls.model_fields[info.field_name or ""].default
        if not is_left_out and info.data.get("smtp_host", "") is None:
            raise ValueError(f"it has no effect without {cls.variable('smtp_host')}")
        return value

    @field_validator("smtp_security")
    @classmethod
    def _protects_letters(cls, value: str, info: ValidationInfo) -> str:
        host = info.data.get("smtp_host")
        if value == "none" and host is not None and not (is_loopback(host) or re.fullmatch("[A-Za-z0-9-]+", host)):
            raise ValueError("letters would cross the network in the clear: write starttls or tls")
        return value

    @field_validator("smtp_password")
    @classmethod
    def _is_whole_account(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None:
            return None
        ensure_different(value, {cls.variable(name): other for name, other in info.data.items()})
        ensure_unquoted(value.get_secret_value())
        if info.data.get("smtp_username", "") is None:
            raise ValueError(f"it has no effect without {cls.variable('smtp_username')}")
        if info.data.get("smtp_security") == "none" and not is_loopback(info.data.get("smtp_host")):
            raise ValueError("it would cross the network in the clear: write starttls or tls")
        return value

    @field_validator("mail_folder")
    @classmethod
    def _is_for_development(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is None:
            return None
        if info.data.get("smtp_host") is not None:
            raise ValueError(f"letters go to {cls.variable('smtp_host')} or into a folder: leave one out")
        if "issuer" in info.data and not is_loopback(urlsplit(info.data["issuer"]).hostname):
            raise ValueError("links are logged then, so the issuer must be on this machine")
        return value

    @field_validator("mail_sender")
    @classmethod
    def _is_sender(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            if info.data.get("smtp_host") is not None:
                raise ValueError(f"{cls.variable('smtp_host')} needs it: write the address that letters come from")
            return None
        sender_of(value)
        return value

    @field_validator("letter_templates")
    @classmethod
    def _is_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError("it must be a folder")
        return value

    @field_validator("email_verification")
    @classmethod
    def _can_send(cls, value: str, info: ValidationInfo) -> str:
        are_known = {"smtp_host", "mail_folder"} <= info.data.keys()
        if are_known and info.data.get("smtp_username") is not None and info.data.get("smtp_password", "") is None:
            raise ValueError(f"{cls.variable('smtp_username')} has no effect without {cls.variable('smtp_password')}")
        if value == "required" and are_known and not (info.data["smtp_host"] or info.data["mail_folder"]):
            raise ValueError(
                f"accounts prove their addresses by letters: set {cls.variable('smtp_host')} and"
                f" {cls.variable('mail_sender')}, or for development {cls.variable('mail_folder')}, or write optional"
            )
        return value


def sender_of(text: str) -> Address:
    """The sender that `address` or `Name <address>` stands for. Raises ValueError."""
    name, address = parseaddr(text)
    try:
        sender = Address(name, addr_spec=address)
    except (HeaderParseError, IndexError, ValueError):
        sender = Address()
    if not (sender.username and sender.domain) or not address.isascii() or re.search(r"[\x00-\x1f\x7f]", text):
        raise ValueError("it must be one ASCII address, or a name and an address: Name <address>")
    return sender
