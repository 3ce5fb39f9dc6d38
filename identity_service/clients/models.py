"""A client: an application that asks for tokens, and what it may ask for."""

from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from sqlalchemy import CheckConstraint, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.errors import GrantTypeNotAllowed
from identity_service.tables import Base, Instant, Texts

FIRST_PARTY_CLIENT: Final = "web"
"""The id of the client of this installation's own pages; a request that names no client is this one's."""

DOCUMENTATION_CLIENT: Final = "identity-docs"
"""The id of the client that this service's page /docs signs in with."""


@dataclass(frozen=True, slots=True, repr=False)
class ClientCredentials:
    """What a client sends to authenticate (RFC 6749 section 2.3.1); a public client sends no secret."""

    client_id: str
    secret: str | None


class Client(Base):
    """A client without a secret is public. Secrets are random and long, so a plain SHA-256 of one is safe to store."""

    __tablename__ = "clients"
    # A client's id is the `sub` of its own tokens, and must never be taken for a user's (RFC 9700 section 4.15).
    __table_args__ = (CheckConstraint("id ~ '^[a-z][a-z0-9-]{1,62}$' AND id !~ '^[0-9a-f]{8}-'", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    grants: Mapped[Texts]
    scopes: Mapped[Texts]
    audiences: Mapped[Texts]
    default_audience: Mapped[str | None]
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())

    @property
    def is_public(self) -> bool:
        return self.secret_hash is None

    @property
    def is_first_party(self) -> bool:
        """Whether this installation trusts the client with passwords: RFC 9700 section 2.4 allows it to no other."""
        return "password" in self.grants

    def is_authenticated_by(self, secret: str | None) -> bool:
        """A confidential client by its secret; a public one by sending none."""
        if self.secret_hash is None:
            return not secret
        return secret is not None and compare_digest(self.secret_hash, hash_secret(secret))

    def replace_by(self, other: "Client") -> None:
        """Take everything but the id and the time of creation from the other."""
        for name in ("name", "secret_hash", "grants", "scopes", "audiences", "default_audience"):
            setattr(self, name, getattr(other, name))

    def ensure_may_use(self, grant_type: str) -> None:
        """Raise GrantTypeNotAllowed unless this client may use the grant type."""
        if grant_type not in self.grants:
            raise GrantTypeNotAllowed(f"{self.id} may not use the grant type {grant_type}")


def hash_secret(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
