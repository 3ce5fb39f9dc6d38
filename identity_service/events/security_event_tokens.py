"""Security event tokens (SETs, RFC 8417)."""

from typing import Any, Final

from identity_service.events.models import StreamEvent
from identity_service.keys.keyring import Keyring

TYPE: Final = "secevent+jwt"


class SetMinter:
    """Mints security event tokens when they are sent, so that the key that signs then signs them."""

    def __init__(self, issuer: str, keyring: Keyring) -> None:
        self._issuer = issuer
        self._keyring = keyring

    def mint(self, event: StreamEvent, audience: str) -> str:
        """The token of this event for this audience. Raises NoSigningKey."""
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": audience,
            "jti": str(event.jti),
            "iat": int(event.created_at.timestamp()),
            **event.claims,
        }
        return self._keyring.signer().sign(claims, TYPE)
