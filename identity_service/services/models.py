"""A service that tokens are meant for, with its scopes and permissions."""

import re
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base, Instant

# RFC 6749 section 3.3. Permissions are written in the same characters.
_WORD: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}")
_MAX_AUDIENCE_CHARACTERS: Final = 500


class Service(Base):
    """A service is known by its audience, the `aud` of the tokens that it accepts.

    `client_id` is the service's own client, which may ask about these tokens (RFC 7662).
    """

    __tablename__ = "services"

    audience: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    client_id: Mapped[str | None] = mapped_column(ForeignKey("identity.clients.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())


class ServiceScope(Base):
    """A scope belongs to one service. `description` is for the people who are asked to consent."""

    __tablename__ = "service_scopes"

    scope: Mapped[str] = mapped_column(primary_key=True)
    audience: Mapped[str] = mapped_column(ForeignKey(Service.audience, ondelete="CASCADE"), index=True)
    description: Mapped[str]


class ServicePermission(Base):
    """A permission that a service reads in its tokens. `description` is for the people who edit roles."""

    __tablename__ = "service_permissions"

    permission: Mapped[str] = mapped_column(primary_key=True)
    audience: Mapped[str] = mapped_column(ForeignKey(Service.audience, ondelete="CASCADE"), index=True)
    description: Mapped[str]


def is_word(text: str) -> bool:
    """Whether the text can be a scope or a permission."""
    return _WORD.fullmatch(text) is not None


def is_audience(text: str) -> bool:
    """Whether the text can name a service: an absolute http or https URL without a fragment (RFC 8707 section 2)."""
    if not text.isascii() or not text.isprintable() or " " in text or len(text) > _MAX_AUDIENCE_CHARACTERS:
        return False
    try:
        parts = urlsplit(text)
        is_complete = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_complete and parts.scheme in ("http", "https") and "#" not in text and "@" not in parts.netloc
