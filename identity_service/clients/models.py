"""A client: an application that asks for tokens, and what it may ask for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest
from typing import Final, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.errors import GrantTypeNotAllowed
from identity_service.tables import Base, Instant, Texts

FIRST_PARTY_CLIENT: Final = "web"
"""The id of the client of this installation's own scripts; a request that names no client is this one's."""

DOCUMENTATION_CLIENT: Final = "identity-docs"
"""The id of the client that this service's page /docs signs in with."""


NO_SECRET: Final = b""
"""In the place of the hash of a secret, for a public client."""


@dataclass(frozen=True, slots=True, repr=False)
class ClientCredentials:
    """What a client sends to authenticate (RFC 6749 section 2.3.1); a public client sends no secret."""

    client_id: str
    secret: str | None


class ApplicationType(StrEnum):
    """Where a client runs (OpenID Connect Dynamic Client Registration section 2)."""

    WEB = "web"
    NATIVE = "native"


@dataclass(frozen=True, slots=True, repr=False)
class Client:
    """A client without a secret is public. Secrets are random and long, so a plain SHA-256 of one is safe to store;
    during a rotation the former one is valid as well.

    A first-party client belongs to this installation: people are not asked whether it may act for them.
    """

    id: str
    name: str
    secret_hash: bytes | None
    grants: Sequence[str]
    scopes: Sequence[str]
    audiences: Sequence[str]
    default_audience: str | None
    is_first_party: bool = False
    application_type: str = ApplicationType.WEB
    redirect_uris: Sequence[str] = ()
    post_logout_redirect_uris: Sequence[str] = ()
    backchannel_logout_uri: str | None = None
    former_secret_hash: bytes | None = None

    @property
    def is_public(self) -> bool:
        return self.secret_hash is None

    def is_authenticated_by(self, secret: str | None) -> bool:
        """A confidential client by one of its secrets; a public one by sending none."""
        return self.matching_hash(secret) is not None

    def matching_hash(self, secret: str | None) -> bytes | None:
        """The hash of the secret that authenticates the client, empty for a public one, which sends none; None if it
        is not authenticated."""
        if self.secret_hash is None:
            return None if secret else NO_SECRET
        if secret is None:
            return None
        digest = hash_secret(secret)
        is_former = self.former_secret_hash is not None and compare_digest(self.former_secret_hash, digest)
        return digest if compare_digest(self.secret_hash, digest) or is_former else None

    def ensure_may_use(self, grant_type: str) -> None:
        """Raise GrantTypeNotAllowed unless this client may use the grant type."""
        if grant_type not in self.grants:
            raise GrantTypeNotAllowed(f"{self.id} may not use the grant type {grant_type}")


class ClientWithScopes(NamedTuple):
    """A client, and the scopes that the services of its audiences have."""

    client: Client
    scopes_by_audience: Mapping[str, Collection[str]]


class ClientRow(Base):
    """The row of a client, for code that changes clients."""

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
    is_first_party: Mapped[bool] = mapped_column(server_default=text("false"))
    application_type: Mapped[str] = mapped_column(server_default=ApplicationType.WEB)
    redirect_uris: Mapped[Texts] = mapped_column(server_default="{}")
    post_logout_redirect_uris: Mapped[Texts] = mapped_column(server_default="{}")
    backchannel_logout_uri: Mapped[str | None]
    former_secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())

    def as_client(self) -> Client:
        return Client(**{column.name: getattr(self, column.name) for column in fields(Client)})

    def replace_by(self, client: Client) -> None:
        """Take everything but the id and the time of creation from the client."""
        self.name = client.name
        self.secret_hash = client.secret_hash
        self.grants = list(client.grants)
        self.scopes = list(client.scopes)
        self.audiences = list(client.audiences)
        self.default_audience = client.default_audience
        self.is_first_party = client.is_first_party
        self.application_type = client.application_type
        self.redirect_uris = list(client.redirect_uris)
        self.post_logout_redirect_uris = list(client.post_logout_redirect_uris)
        self.backchannel_logout_uri = client.backchannel_logout_uri
        self.former_secret_hash = client.former_secret_hash


class ClientUse(Base):
    """When a client was authenticated last by the secret with this hash, or as a public one, by NO_SECRET; a few
    minutes late at most. A row stays when its secret ends."""

    __tablename__ = "client_uses"

    client_id: Mapped[str] = mapped_column(ForeignKey(ClientRow.id, ondelete="CASCADE"), primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    used_at: Mapped[Instant]


def hash_secret(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
