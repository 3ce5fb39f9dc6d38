"""A client: an application that asks for tokens, and what it may ask for."""

from hashlib import sha256
from hmac import compare_digest

from sqlalchemy import CheckConstraint, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base, Instant, Texts


class Client(Base):
    """A client without a secret is public. Secrets are random and long, so a plain SHA-256 keeps them well."""

    __tablename__ = "clients"
    # A client's id is the `sub` of its own tokens, and must never be taken for a user's (RFC 9700 section 4.15).
    __table_args__ = (CheckConstraint("id ~ '^[a-z][a-z0-9-]{1,62}$' AND id !~ '^[0-9a-f]{8}-'", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    grants: Mapped[Texts]
    scopes: Mapped[Texts]
    audiences: Mapped[Texts]
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())

    def is_authenticated_by(self, secret: str | None) -> bool:
        """A confidential client by its secret; a public one by sending none."""
        if self.secret_hash is None:
            return not secret
        return secret is not None and compare_digest(self.secret_hash, hash_secret(secret))


def hash_secret(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
