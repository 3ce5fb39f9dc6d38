"""A session and its refresh tokens."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, func, literal_column
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from identity_service.ending import EndReason, is_live
from identity_service.tables import Base, Instant, NewId, Texts

LONGEST_RETRY: Final = timedelta(minutes=1)
"""No setting lets a spent refresh token be presented again for longer."""


class Session(Base):
    """One sign-in with one client on one device. It ends when it expires or is ended, and never comes back.

    `scopes` and `audiences` are those of the grant, `audience` is the one of its first access token. `names_scopes` is
    whether the client asked for the scopes by name. Both are None in a row of a release without these columns.

    `sign_on_id` is None if the session was made without a browser. `authenticated_at`, `acr` and `amr` say when and how
    the person was authenticated for it, which a refresh leaves as it is (OpenID Connect Core section 12.2); they are
    None in a row of a release without these columns: then it was at `created_at`, with a password.
    """

    __tablename__ = "sessions"

    id: Mapped[NewId]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("identity.users.id", ondelete="CASCADE"))
    client_id: Mapped[str] = mapped_column(ForeignKey("identity.clients.id", ondelete="CASCADE"), index=True)
    scopes: Mapped[Texts]
    audiences: Mapped[Texts]
    audience: Mapped[str | None]
    names_scopes: Mapped[bool | None]
    sign_on_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity.sign_ons.id", ondelete="CASCADE"), index=True)
    authenticated_at: Mapped[Instant | None]
    acr: Mapped[str | None]
    amr: Mapped[Texts | None]
    device: Mapped[str | None]
    address: Mapped[str | None]
    created_at: Mapped[Instant]
    last_seen_at: Mapped[Instant] = mapped_column(server_default=func.now())
    expires_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    end_reason: Mapped[str | None]

    def is_live(self, now: datetime) -> bool:
        return is_live(self.ended_at, self.expires_at, now)

    def end(self, now: datetime, reason: EndReason) -> None:
        """End the session; one that has ended already keeps its first reason."""
        if self.ended_at is None:
            self.ended_at = now
            self.end_reason = reason


OVER_AT = func.coalesce(Session.ended_at, Session.expires_at)
"""When a session ended or will expire."""


def device_number(device: ColumnElement[str | None] | InstrumentedAttribute[str | None]) -> ColumnElement[int]:
    """A number for a device's description, which may be null, by which an index finds it: few have the same."""
    return func.hashtextextended(func.coalesce(device, literal_column("''")), literal_column("0"))


Index("sessions_over_at_idx", OVER_AT)
# For all sessions of a user, too.
Index("sessions_device_idx", Session.user_id, device_number(Session.device))
Index("sessions_newest_live_idx", Session.id, postgresql_where=Session.ended_at.is_(None))
Index("sessions_live_idx", Session.user_id, postgresql_where=Session.ended_at.is_(None))


class RefreshToken(Base):
    """One token of a session's family. It is used once; a retry within the window leads to the unspent token of the
    family."""

    __tablename__ = "refresh_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=None, server_default=func.uuidv7())
    session_id: Mapped[UUID] = mapped_column(ForeignKey(Session.id, ondelete="CASCADE"))
    issued_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]
    successor_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("identity.refresh_tokens.id", ondelete="CASCADE"), unique=True
    )


Index("refresh_tokens_unspent_idx", RefreshToken.session_id, postgresql_where=RefreshToken.used_at.is_(None))
Index("refresh_tokens_oldest_first_idx", RefreshToken.expires_at, RefreshToken.id)
Index("refresh_tokens_of_session_idx", RefreshToken.session_id, RefreshToken.expires_at, RefreshToken.id)
