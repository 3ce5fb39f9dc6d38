"""Signing compact JWS tokens with RS256. The only module of this service that speaks JOSE."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jose import jwk, jws
from jose.constants import ALGORITHMS


class Signer:
    """One private key, prepared once: preparing it for each token would cost sixty times the signature."""

    def __init__(self, kid: str, key: RSAPrivateKey) -> None:
        self.kid = kid
        self._key = jwk.construct(key, ALGORITHMS.RS256)  # type: ignore[arg-type] # the stubs do not know key objects

    def sign(self, claims: dict[str, Any], typ: str) -> str:
        """A token with these claims, whose header names its type and this key."""
        return jws.sign(claims, self._key, {"typ": typ, "kid": self.kid}, ALGORITHMS.RS256)
