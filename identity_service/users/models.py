"""An account."""

from sqlalchemy import BigInteger, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base, Instant, NewId


class User(Base):
    """Name and address are kept as they were written, and are unique without regard to case.

    `tokens_valid_from`, in seconds: a token with an earlier `iat` says what is no longer so of its user.
    """

    __tablename__ = "users"

    id: Mapped[NewId]
    username: Mapped[str]
    email: Mapped[str]
    password_hash: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    tokens_valid_from: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())
    updated_at: Mapped[Instant] = mapped_column(server_default=func.now())


Index("users_username_key", func.lower(User.username), unique=True)
Index("users_email_key", func.lower(User.email), unique=True)
