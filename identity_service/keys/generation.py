"""Generating RSA key pairs, each named by its thumbprint."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from watchword.auth.public_key import PublicKey

KEY_BITS: Final = 2_048
PUBLIC_EXPONENT: Final = 65_537


class KeyPair(NamedTuple):
    private: RSAPrivateKey
    public: PublicKey


def generate() -> KeyPair:
    """Generate a key pair. It takes a core some hundred milliseconds, so call it in a thread."""
    private = generate_private_key(public_exponent=PUBLIC_EXPONENT, key_size=KEY_BITS)
    return KeyPair(private, public_half(private))


def public_half(private: RSAPrivateKey) -> PublicKey:
    """The public key, named by its thumbprint."""
    numbers = private.public_key().public_numbers()
    n, e = _base64url(numbers.n), _base64url(numbers.e)
    return PublicKey(kid=thumbprint(n, e), n=n, e=e)


def thumbprint(n: str, e: str) -> str:
    """The JWK thumbprint with SHA-256 (RFC 7638 section 3)."""
    canonical = f'{{"e":"{e}","kty":"RSA","n":"{n}"}}'
    return urlsafe_b64encode(sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def _base64url(value: int) -> str:
    return urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8)).rstrip(b"=").decode()
