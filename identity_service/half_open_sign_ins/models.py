"""A sign-in whose password was right, and whose second factor has not been shown yet."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.random_tokens import digest_of
from identity_service.tables import Base, Instant, NewId, Texts


class HalfOpenSignIn(Base):
    """It opens nothing but the page that asks for the second factor. Its row is deleted when it is over: by a right
    code, by too many wrong ones, or by the time.

    `digest` is that of the secret in the browser's cookie. `password_digest` is that of the user's password hash at the
    time: with another password, the sign-in is over. `amr` are the methods that were proved (RFC 8176).
    """

    __tablename__ = "half_open_sign_ins"

    id: Mapped[NewId]
    digest: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("identity.users.id", ondelete="CASCADE"), index=True)
    password_digest: Mapped[bytes]
    amr: Mapped[Texts]
    wrong_codes: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant] = mapped_column(index=True)

    def is_live(self, password_hash: str, now: datetime) -> bool:
        """Whether it has not expired and the user still has the password that was proved."""
        return now < self.expires_at and self.password_digest == digest_of(password_hash)
