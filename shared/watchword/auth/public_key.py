"""Public keys: what one is, which of a JWKS are usable, and how one verifies a signature."""

import binascii
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

ALGORITHM: Final = "RS256"
KEY_BITS: Final = (2_048, 8_192)
MAX_EXPONENT: Final = 2**32

# Made once: making them for each token costs a fifth of a verification.
_PADDING, _SHA256 = PKCS1v15(), SHA256()


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One RSA public key, its numbers as a JWK writes them. A KeySource gives the same object while it serves it."""

    kid: str
    n: str
    e: str

    def as_jwk(self) -> dict[str, str]:
        return {"kty": "RSA", "use": "sig", "alg": ALGORITHM, "kid": self.kid, "n": self.n, "e": self.e}


class KeySource(Protocol):
    """Where a verifier gets public keys from. One that has to be started is also a `Background`."""

    def find(self, kid: str) -> PublicKey | None:
        """The key of this name if it is in memory."""

    async def get(self, kid: str) -> PublicKey:
        """The key of this name, fetched if need be.

        Raises UnknownKey if the issuer has no such key, and KeysUnavailable if its keys cannot be fetched.
        """


class RsaVerificationKey:
    """One RSA public key, parsed once. Verifies RS256 (RFC 7518 section 3.3) and nothing else."""

    __slots__ = ("_key", "public")

    def __init__(self, public: PublicKey) -> None:
        self.public = public
        self._key = RSAPublicNumbers(_integer(public.e), _integer(public.n)).public_key()

    def accepts(self, signing_input: bytes, signature: bytes) -> bool:
        try:
            self._key.verify(signature, signing_input, _PADDING, _SHA256)
        except InvalidSignature:
            return False
        return True


def usable_keys(document: Any) -> list[PublicKey]:
    """The RS256 verification keys of a JWKS. Other keys and unknown members are ignored (RFC 7517 section 5).

    Raises ValueError if the document is not a JWKS.
    """
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("not a JWKS")
    return [
        PublicKey(kid=key["kid"], n=key["n"], e=key["e"])
        for key in document["keys"]
        if isinstance(key, dict) and _is_usable(key)
    ]


def _is_usable(key: dict[str, Any]) -> bool:
    if key.get("kty") != "RSA" or not all(isinstance(key.get(member), str) for member in ("kid", "n", "e")):
        return False
    if key.get("use", "sig") != "sig" or key.get("alg", ALGORITHM) != ALGORITHM:
        return False
    operations = key.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return False
    try:
        modulus, exponent = _integer(key["n"]), _integer(key["e"])
    except (binascii.Error, ValueError):
        return False
    # At least 2048 bits (RFC 7518 section 3.3), and few enough to verify cheaply. An even number is no RSA key.
    fits = KEY_BITS[0] <= modulus.bit_length() <= KEY_BITS[1] and 3 <= exponent <= MAX_EXPONENT
    return fits and modulus % 2 == 1 and exponent % 2 == 1


def _integer(text: str) -> int:
    """The number that a JWK writes as Base64urlUInt (RFC 7518 section 2)."""
    return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
