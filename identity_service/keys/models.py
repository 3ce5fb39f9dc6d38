"""A signing key and the four instants of its life, and the key of digests."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base, Instant


class KeyState(StrEnum):
    """Where a key is in its life: it does not sign yet, signs, only verifies, or is not published any more. One that
    was withdrawn because it leaked is compromised, whatever its instants say."""

    PUBLISHED = "published"
    SIGNING = "signing"
    VERIFYING = "verifying"
    WITHDRAWN = "withdrawn"
    COMPROMISED = "compromised"


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

    def state(self, now: datetime, *, is_its_turn: bool) -> KeyState:
        """Where the key is in its life. `is_its_turn` if it is the one of all keys that signs."""
        if self.is_compromised:
            return KeyState.COMPROMISED
        if self.withdrawn_at <= now:
            return KeyState.WITHDRAWN
        if is_its_turn:
            return KeyState.SIGNING
        return KeyState.PUBLISHED if now < self.signs_from else KeyState.VERIFYING


class DigestKey(Base):
    """The key of the installation's keyed digests: one row. All that is sealed is sealed as this row is."""

    __tablename__ = "digest_keys"
    __table_args__ = (CheckConstraint("id = 1", "one"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, server_default=text("1"), autoincrement=False)
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)


def whose_turn(keys: Iterable[SigningKey], now: datetime) -> SigningKey | None:
    """The key that signs at this instant; if several could, the one that began last."""
    return max((key for key in keys if key.signs(now)), key=lambda key: (key.signs_from, key.kid), default=None)
