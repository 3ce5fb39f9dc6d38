"""Security event tokens (SETs, RFC 8417)."""

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from identity_service.keys.keyring import Keyring

TYPE: Final = "secevent+jwt"


class UnsignedSet(NamedTuple):
    """What a security event token says, without its issuer and its audience."""

    jti: UUID
    created_at: datetime
    claims: dict[str, Any]


class SetMinter:
    """Mints security event tokens when they are sent, so that the key that signs then signs them."""

    def __init__(self, issuer: str, keyring: Keyring) -> None:
        self._issuer = issuer
        self._keyring = keyring

    def mint(self, unsigned: UnsignedSet, audience: str) -> str:
        """The token of this event for this audience. Raises NoSigningKey."""
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": audience,
            "jti": str(unsigned.jti),
            "iat": int(unsigned.created_at.timestamp()),
            **unsigned.claims,
        }
        return self._keyring.signer().sign(claims, TYPE)
