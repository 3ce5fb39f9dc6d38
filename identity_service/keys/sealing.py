"""Private keys at rest: PKCS #8 under AES-256-GCM, bound to the key's own id."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from watchword.auth.public_key import PublicKey
from watchword.errors import Unavailable

KEY_BITS: Final = 2_048
_NONCE_BYTES: Final = 12


class CannotUnseal(Unavailable):
    """The key-encryption key is not the one that a signing key was sealed under."""

    code = "cannot_unseal"


class Sealer:
    def __init__(self, key_encryption_key: str) -> None:
        self._cipher = AESGCM(urlsafe_b64decode(key_encryption_key))

    def seal(self, kid: str, key: RSAPrivateKey) -> bytes:
        plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, kid.encode())

    def unseal(self, kid: str, sealed: bytes) -> RSAPrivateKey:
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], kid.encode())
        except (InvalidTag, ValueError):
            raise CannotUnseal(f"IDENTITY_KEY_ENCRYPTION_KEY does not open the signing key {kid}") from None
        # The cipher has authenticated these bytes as ours, so the slow checks of an unknown key add nothing.
        key = load_der_private_key(plain, None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, RSAPrivateKey):
            raise CannotUnseal(f"the signing key {kid} is no RSA key")
        return key

    def seal_text(self, label: str, text: str) -> bytes:
        """Another secret, bound to its label."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), label.encode())

    def unseal_text(self, label: str, sealed: bytes) -> str:
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], label.encode()).decode()
        except InvalidTag:
            raise CannotUnseal(f"IDENTITY_KEY_ENCRYPTION_KEY does not open the secret of {label}") from None


def generate() -> tuple[RSAPrivateKey, PublicKey]:
    """A new key pair, named by its thumbprint. Takes some hundred milliseconds of one core."""
    key = generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
    numbers = key.public_key().public_numbers()
    n, e = _base64url(numbers.n), _base64url(numbers.e)
    return key, PublicKey(kid=thumbprint(n, e), n=n, e=e)


def thumbprint(n: str, e: str) -> str:
    """The JWK thumbprint with SHA-256 (RFC 7638 section 3)."""
    canonical = f'{{"e":"{e}","kty":"RSA","n":"{n}"}}'
    return urlsafe_b64encode(sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def _base64url(value: int) -> str:
    return urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8)).rstrip(b"=").decode()
