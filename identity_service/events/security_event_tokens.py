"""Security event tokens (SETs, RFC 8417)."""

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from identity_service.errors import NoSigningKey
from identity_service.keys.keyring import Keyring
from identity_service.keys.signing import Signer
from watchword.events.types import signing_key_withdrawn_type

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
        self._withdrawal = signing_key_withdrawn_type(issuer)
        self._keyring = keyring

    async def mint(self, unsigned: UnsignedSet, audience: str) -> str:
        """The token of this event for this audience, not signed by a key that the event itself withdraws.

        Raises NoSigningKey, and DatabaseUnavailable if the keys had to be read anew.
        """
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": audience,
            "jti": str(unsigned.jti),
            "iat": int(unsigned.created_at.timestamp()),
            **unsigned.claims,
        }
        return (await self._signer_other_than(self._withdrawn_kid(unsigned))).sign(claims, TYPE)

    async def _signer_other_than(self, kid: str | None) -> Signer:
        if self._keyring.signer().kid == kid:
            # The event has come before the notification that the keys have changed.
            await self._keyring.reload()
        signer = self._keyring.signer()
        if signer.kid == kid:
            raise NoSigningKey("only a withdrawn key signs")
        return signer

    def _withdrawn_kid(self, unsigned: UnsignedSet) -> str | None:
        kid: str | None = unsigned.claims["events"].get(self._withdrawal, {}).get("kid")
        return kid
