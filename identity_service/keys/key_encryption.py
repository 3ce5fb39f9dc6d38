"""One key-encryption key: AES-256-GCM, and an id by which what it has sealed can be recognized.

A sealed value is a nonce and the ciphertext, or the same behind the version of the form and the id of the key. The
first form binds the ciphertext to its label; the second to the form, the key's id, the kind and the label, so that no
sealed value can stand in the place of one of another kind.
"""

import secrets
from base64 import urlsafe_b64decode
from enum import StrEnum
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from watchword.digests import KeyedDigests

ID_BYTES: Final = 8
HEADER_BYTES: Final = 1 + ID_BYTES
"""The version of the form and the id of the key: a multiple of three, so that a header has its own text in Base64."""

_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12


class Kind(StrEnum):
    """What is sealed."""

    SIGNING_KEY = "signing key"
    DIGEST_KEY = "digest key"
    PUSH_AUTHORIZATION = "push authorization"
    LETTER = "letter"
    DEVICE_COOKIE = "device cookie"
    PAGE_QUERY = "page query"
    TOTP_SECRET = "authenticator app"  # noqa: S105 - the name of a kind, no secret


class Seal(NamedTuple):
    """What a sealed value is bound to: it opens as nothing else."""

    kind: Kind
    label: str


class KeyEncryptionKey:
    """32 bytes in URL-safe base64. Nothing shows them but the settings that they come from."""

    def __init__(self, text: str) -> None:
        key = urlsafe_b64decode(text)
        identifier = sha256(b"watchword: the id of a key-encryption key" + key).digest()[:ID_BYTES]
        self.id = identifier.hex()
        self.header = _VERSION + identifier
        self.digest_key = KeyedDigests.key_of(key)
        """The key of digests in an installation whose first key-encryption key this is."""
        self._cipher = AESGCM(key)

    def __repr__(self) -> str:
        return f"KeyEncryptionKey({self.id})"

    def seal(self, seal: Seal, plain: bytes, *, with_id: bool) -> bytes:
        """Seal these bytes, in the form that names the key or in the one that does not."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        header, bound_to = (self.header, self._bound_to(seal)) if with_id else (b"", seal.label.encode())
        return header + nonce + self._cipher.encrypt(nonce, plain, bound_to)

    def open(self, seal: Seal, sealed: bytes) -> bytes | None:
        """The bytes that this key has sealed; None if it has not, or for something else."""
        if self.names(sealed):
            plain = self._decrypt(sealed[HEADER_BYTES:], self._bound_to(seal))
            if plain is not None:
                return plain
        # The nonce of the form without a header is random, and so may begin like one.
        return self._decrypt(sealed, seal.label.encode())

    def names(self, sealed: bytes) -> bool:
        """Whether the value begins with the header of this key."""
        return sealed.startswith(self.header)

    def _bound_to(self, seal: Seal) -> bytes:
        return b"\x00".join((self.header, seal.kind.encode(), seal.label.encode()))

    def _decrypt(self, sealed: bytes, bound_to: bytes) -> bytes | None:
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
        except (InvalidTag, ValueError):
            # AESGCM raises ValueError for a nonce that is too short.
            return None
