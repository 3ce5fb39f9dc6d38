"""Signing compact JWS tokens with RS256. The only module of this service that speaks JOSE."""

from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jose import jwk
from jose.constants import ALGORITHMS
from jose.utils import base64url_encode


class Signer:
    """One private key, prepared once: preparing it for each token would cost sixty times the signature. The header of
    each type of token is encoded once too."""

    def __init__(self, kid: str, key: RSAPrivateKey) -> None:
        self.kid = kid
        self._key = jwk.construct(key, ALGORITHMS.RS256)  # type: ignore[arg-type] # the stubs do not know key objects
        self._headers: dict[str, bytes] = {}

    def sign(self, claims: dict[str, Any], typ: str) -> str:
        """A token with these claims, whose header names its type and this key (RFC 7515 section 3.1)."""
        signing_input = self._header(typ) + b"." + base64url_encode(orjson.dumps(claims))
        return (signing_input + b"." + base64url_encode(self._key.sign(signing_input))).decode()

    def _header(self, typ: str) -> bytes:
        header = self._headers.get(typ)
        if header is None:
            members = {"alg": ALGORITHMS.RS256, "kid": self.kid, "typ": typ}
            header = self._headers[typ] = base64url_encode(orjson.dumps(members))
        return header
