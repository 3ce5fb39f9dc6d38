"""The size of an access token, known before it is signed: one that no service accepts must not be issued."""

from typing import Any, Final

import orjson

from identity_service.errors import TokenTooLarge
from identity_service.keys.generation import KEY_BITS
from watchword.auth.jws import MAX_TOKEN_BYTES


def token_bytes(claims: dict[str, Any]) -> int:
    """The length of a compact JWS with these claims (RFC 7515 section 3.1)."""
    return _HEADER_AND_SIGNATURE + _base64url(len(orjson.dumps(claims)))


def ensure_acceptable(claims: dict[str, Any]) -> None:
    """Raise TokenTooLarge unless a verifier accepts a token with these claims."""
    size = token_bytes(claims)
    if size > MAX_TOKEN_BYTES:
        raise TokenTooLarge(f"the access token would have {size} bytes, {MAX_TOKEN_BYTES} are accepted")


def _base64url(size: int) -> int:
    """How many characters this many bytes have without padding."""
    return (size * 4 + 2) // 3


# The header that the signer writes: algorithm, type, and the thumbprint of the key.
_HEADER: Final = {"alg": "RS256", "kid": "x" * 43, "typ": "at+jwt"}
_HEADER_AND_SIGNATURE: Final = _base64url(len(orjson.dumps(_HEADER))) + _base64url(KEY_BITS // 8) + len("..")
