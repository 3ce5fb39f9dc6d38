"""A service that tokens are meant for, with its scopes and permissions."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import ForeignKey, func, text
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base, Instant
from watchword.service.web_origins import audience_url

# RFC 6749 section 3.3. Permissions are written in the same characters.
_WORD: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}")
_MAX_AUDIENCE_CHARACTERS: Final = 500


class Service(Base):
    """A service is known by its audience, the `aud` of the tokens that it accepts. `id` is for paths.

    `client_id` is the service's own client, which may ask about these tokens (RFC 7662).
    """

    __tablename__ = "services"

    audience: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True, server_default=text("uuidv7()"))
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


class ScopeText(NamedTuple):
    """A scope, and what it allows in words for people."""

    scope: str
    text: str


class ScopesOfService(NamedTuple):
    """The name of a service, and some of its scopes; None for scopes that belong to no service yet."""

    service: str | None
    scopes: Sequence[ScopeText]


def is_word(word: str) -> bool:
    """Whether it can be a scope or a permission."""
    return _WORD.fullmatch(word) is not None


def audience_fault(audience: str) -> str | None:
    """Why it cannot name a service that has no tokens yet; None if it can. The settings of services judge it in
    the same way, and have no limit of their own."""
    if len(audience) > _MAX_AUDIENCE_CHARACTERS:
        return f"it must have at most {_MAX_AUDIENCE_CHARACTERS} characters, since every token carries it"
    try:
        audience_url(audience)
    except ValueError as error:
        return str(error)
    return None
