"""The table of author cards."""

from uuid import UUID

from sqlalchemy import BigInteger, false
from sqlalchemy.orm import Mapped, mapped_column

from posts_service.tables import Base, Instant


class Author(Base):
    """An author's card. `named_at` is when the token was issued that the name is from: an older one changes nothing.

    `is_disabled` is what the latest event about it says of the author's account; `account_version` is its version after
    that event, None if the issuer sends none, and `account_at` when it happened, None if an operator has written the
    card. Without an event the account is not disabled, and there is neither.
    """

    __tablename__ = "authors"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str]
    named_at: Mapped[Instant]
    is_disabled: Mapped[bool] = mapped_column(server_default=false())
    account_version: Mapped[int | None] = mapped_column(BigInteger)
    account_at: Mapped[Instant | None]
