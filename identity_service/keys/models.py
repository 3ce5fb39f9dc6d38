"""A signing key and the four instants of its life."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base, Instant


class SigningKey(Base):
    """A key is published, then signs, then only verifies, then is withdrawn: the clock says which.

    A key that has leaked is withdrawn as of the moment in which it was published, so that no clock decides since when.
    `n` and `e` are the public key's numbers as a JWK writes them (RFC 7518 section 6.3.1).
    """

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(primary_key=True)
    sealed_private_key: Mapped[bytes] = mapped_column(LargeBinary)
    n: Mapped[str]
    e: Mapped[str]
    published_at: Mapped[Instant]
    signs_from: Mapped[Instant]
    signs_until: Mapped[Instant]
    withdrawn_at: Mapped[Instant]

    @property
    def is_compromised(self) -> bool:
        """Whether the key was withdrawn because it leaked: it was never to be trusted."""
        return self.withdrawn_at <= self.published_at

    def compromise(self, now: datetime) -> None:
        """Withdraw the key for every process, also for one whose clock is behind."""
        self.signs_until = min(self.signs_until, now)
        self.withdrawn_at = self.published_at

    def is_published(self, now: datetime) -> bool:
        return self.published_at <= now < self.withdrawn_at

    def signs(self, now: datetime) -> bool:
        return self.signs_from <= now < self.signs_until and self.is_published(now)


def whose_turn(keys: Iterable[SigningKey], now: datetime) -> SigningKey | None:
    """The key that signs at this instant; if several could, the one that began last."""
    return max((key for key in keys if key.signs(now)), key=lambda key: (key.signs_from, key.kid), default=None)
