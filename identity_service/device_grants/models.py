"""A device grant."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.authentications import Authentication
from identity_service.sign_ons.models import SignOn
from identity_service.sign_ons.values import LiveSignOn
from identity_service.tables import Base, Instant, Texts

LIFETIME: Final = timedelta(minutes=10)
"""How long a person may take to allow a device, and the device to ask for its tokens."""

INTERVAL_SECONDS: Final = 5
"""How long a device waits between two polls (RFC 8628 section 3.5), unless it was told to slow down."""


class DeviceGrant(Base):
    """A device that asks for a session with a client, until it has one.

    `digest` is that of the device code, which the device alone has, and `user_code` a keyed digest of the code that a
    person types. `audience` is that of the first access token, and `names_scopes` is whether the client asked for
    the scopes by name. `device` and `address` say where the request came from. `interval_seconds` grows with every poll
    that comes too soon after the one before, at `polled_at`.

    `user_id`, `sign_on_id` and the authentication are those of the person who allowed the device. `session_id` is the
    session that the code was traded in for: it ends if the code is presented again.
    """

    __tablename__ = "device_grants"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    user_code: Mapped[bytes] = mapped_column(unique=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("identity.clients.id", ondelete="CASCADE"), index=True)
    scopes: Mapped[Texts]
    audience: Mapped[str]
    names_scopes: Mapped[bool]
    device: Mapped[str | None]
    address: Mapped[str | None]
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    interval_seconds: Mapped[int]
    polled_at: Mapped[Instant | None]
    decided_at: Mapped[Instant | None]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity.users.id", ondelete="CASCADE"), index=True)
    sign_on_id: Mapped[UUID | None] = mapped_column(ForeignKey(SignOn.id, ondelete="CASCADE"), index=True)
    authenticated_at: Mapped[Instant | None]
    acr: Mapped[str | None]
    amr: Mapped[Texts | None]
    used_at: Mapped[Instant | None]
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity.sessions.id", ondelete="SET NULL"), index=True)

    def is_current(self, now: datetime) -> bool:
        return now < self.expires_at

    @property
    def authentication(self) -> Authentication | None:
        """The authentication of the person who allowed the device; None if nobody has."""
        if self.authenticated_at is None or self.acr is None or self.amr is None:
            return None
        return Authentication(self.authenticated_at, self.acr, self.amr)

    def deny(self, now: datetime) -> None:
        self.decided_at = now

    def allow(self, now: datetime, sign_on: LiveSignOn) -> None:
        """Let the device have a session of the person in this sign-on. The row must be locked."""
        self.decided_at = now
        self.user_id = sign_on.user_id
        self.sign_on_id = sign_on.id
        self.authenticated_at, self.acr, amr = sign_on.authentication
        self.amr = list(amr)

    def poll(self, now: datetime) -> bool:
        """Note a poll, and return whether it came too soon: then every later one must wait longer. The row must be
        locked."""
        earliest = None if self.polled_at is None else self.polled_at + timedelta(seconds=self.interval_seconds)
        is_too_soon = earliest is not None and now < earliest
        if is_too_soon:
            self.interval_seconds += INTERVAL_SECONDS
        self.polled_at = now
        return is_too_soon

    def use(self, now: datetime, session_id: UUID) -> None:
        self.used_at = now
        self.session_id = session_id


Index("device_grants_expires_at_idx", DeviceGrant.expires_at)
