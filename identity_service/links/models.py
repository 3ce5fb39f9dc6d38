"""A link that was sent by letter."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, literal_column
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base, Instant, NewId


class LinkKind(StrEnum):
    """What a link lets its holder do.

    A later link of a kind in SINGLE replaces the one before. Of the others, each letter has its own: one who has taken
    an account over could otherwise make the owner's invalid by causing another letter.
    """

    VERIFICATION = "verification"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of link, no password
    ADDRESS_CHANGE = "address_change"
    ADDRESS_UNDO = "address_undo"
    NOTICE = "notice"


SINGLE: Final = (LinkKind.VERIFICATION, LinkKind.PASSWORD_RESET, LinkKind.ADDRESS_CHANGE)


class Link(Base):
    """A link that can still be used: its row is deleted when it is used, replaced, or made invalid by a change.

    `digest` is the SHA-256 of its token. `email` is the address that the link is about: the one to verify, to change
    to or to restore, or the one that the letter was sent to.
    """

    __tablename__ = "account_links"

    id: Mapped[NewId]
    kind: Mapped[str]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("identity.users.id", ondelete="CASCADE"), index=True)
    digest: Mapped[bytes] = mapped_column(unique=True)
    email: Mapped[str]
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant] = mapped_column(index=True)


# Literals, not parameters: once PostgreSQL plans a statement for any parameters, it does not see that this is the
# condition of the index, and refuses ON CONFLICT.
IS_SINGLE = Link.kind.in_([literal_column(f"'{kind.value}'") for kind in SINGLE])

Index("account_links_single_key", Link.user_id, Link.kind, unique=True, postgresql_where=IS_SINGLE)
Index("account_links_reserved_idx", func.lower(Link.email), postgresql_where=Link.kind == LinkKind.ADDRESS_UNDO.value)


class IssuedLink(NamedTuple):
    """What a letter needs of a link: its token, until when it can be used, and the address that it is about, None if
    there is no user."""

    token: str
    expires_at: datetime
    email: str | None


@dataclass(frozen=True, slots=True)
class LinkView:
    """What the page of a link shows: whose account it is about, and which address."""

    username: str
    email: str
