"""Secrets at rest: AES-256-GCM under the key-encryption key, each bound to the name of what it belongs to."""

import secrets
from base64 import urlsafe_b64decode
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from watchword.digests import KeyedDigests
from watchword.errors import Unavailable

_NONCE_BYTES: Final = 12


class CannotUnseal(Unavailable):
    """The secret was sealed under another key-encryption key, or is damaged."""

    code = "cannot_unseal"


class Sealer:
    """Seals and unseals under one key-encryption key: 32 bytes in URL-safe base64."""

    def __init__(self, key_encryption_key: str) -> None:
        key = urlsafe_b64decode(key_encryption_key)
        self._cipher = AESGCM(key)
        self._digests = KeyedDigests(key)

    def seal(self, kid: str, key: RSAPrivateKey) -> bytes:
        """Seal a signing key, as PKCS #8, bound to its `kid`."""
        return self._encrypt(kid, key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))

    def unseal(self, kid: str, sealed: bytes) -> RSAPrivateKey:
        """The signing key that was sealed for this `kid`. Raises CannotUnseal."""
        plain = self._decrypt(kid, sealed, f"the signing key {kid}")
        # The cipher has authenticated these bytes as ours, so the slow checks of an unknown key add nothing.
        key = load_der_private_key(plain, None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, RSAPrivateKey):
            raise CannotUnseal(f"the signing key {kid} is not an RSA key")
        return key

    def seal_text(self, label: str, text: str) -> bytes:
        """Seal a text, bound to its label."""
        return self._encrypt(label, text.encode())

    def unseal_text(self, label: str, sealed: bytes) -> str:
        """The text that was sealed for this label. Raises CannotUnseal."""
        return self._decrypt(label, sealed, f"the secret of {label}").decode()

    def keyed_digest(self, label: str, text: str) -> bytes:
        """A digest of this text that can be compared with others of the same label, and that nobody without the key can
        compute: 32 bytes."""
        return self._digests.of(label, text)

    def _encrypt(self, bound_to: str, plain: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, bound_to.encode())

    def _decrypt(self, bound_to: str, sealed: bytes, name: str) -> bytes:
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to.encode())
        except (InvalidTag, ValueError):
            # AESGCM raises ValueError for a nonce that is too short.
            raise CannotUnseal(f"IDENTITY_KEY_ENCRYPTION_KEY does not open {name}") from None
