"""A sign-on: a person in one browser."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.ending import EndReason, is_live
from identity_service.tables import Base, Instant, NewId, Texts


class SignOn(Base):
    """A person who was authenticated in one browser. It ends when it expires or is ended, and never comes back.

    `digest` is that of the secret in the browser's cookie; each authentication replaces it. `authenticated_at`, `acr`
    and `amr` say when and how the person was authenticated last (OpenID Connect Core section 2). `expires_at` moves on
    while the sign-on is used, to a longest time after `created_at`.
    """

    __tablename__ = "sign_ons"

    id: Mapped[NewId]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("identity.users.id", ondelete="CASCADE"), index=True)
    digest: Mapped[bytes] = mapped_column(unique=True)
    authenticated_at: Mapped[Instant]
    acr: Mapped[str]
    amr: Mapped[Texts]
    device: Mapped[str | None]
    address: Mapped[str | None]
    created_at: Mapped[Instant]
    last_seen_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    end_reason: Mapped[str | None]

    def is_live(self, now: datetime) -> bool:
        return is_live(self.ended_at, self.expires_at, now)

    def end(self, now: datetime, reason: EndReason) -> None:
        """End the sign-on; one that has ended already keeps its first reason."""
        if self.ended_at is None:
            self.ended_at = now
            self.end_reason = reason


OVER_AT = func.coalesce(SignOn.ended_at, SignOn.expires_at)
"""When a sign-on ended or will expire."""

Index("sign_ons_over_at_idx", OVER_AT)
Index("sign_ons_live_idx", SignOn.user_id, postgresql_where=SignOn.ended_at.is_(None))
