"""Seals what a cookie holds, so that the browser can neither read nor make it: AES-256-GCM."""

import secrets
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
_VERSION: Final = b"\x01"
_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_HEAD_BYTES: Final = len(_VERSION) + _ID_BYTES
# At least so many of 32 random bytes differ. This is no test of randomness: it refuses keys that a person made up.
_LEAST_DIFFERENT_BYTES: Final = 16


def sealing_key(text: str) -> bytes:
    """The key that this text writes in base64. Raises ValueError, which never shows the text, if it is none or a weak
    one."""
    try:
        key = b64decode(text.translate(str.maketrans("-_", "+/")), validate=True)
    except (NotBase64, ValueError):
        key = b""
    if len(key) != KEY_BYTES or len(set(key)) < _LEAST_DIFFERENT_BYTES:
        raise ValueError(
            f"it must be {KEY_BYTES} random bytes in base64: make them with `openssl rand -base64 {KEY_BYTES}`"
        )
    return key


class Sealer:
    """Seals with one key, and opens what it has sealed, or what was sealed with the former key.

    A sealed text says the version of its form and which key sealed it. It can be opened for the purpose only for which
    it was sealed.
    """

    def __init__(self, key: bytes, former_key: bytes | None = None) -> None:
        self._id = _id_of(key)
        self._ciphers = {_id_of(each): AESGCM(each) for each in (key, former_key) if each is not None}

    def seal(self, purpose: str, content: bytes) -> str:
        head, nonce = _VERSION + self._id, secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self._id].encrypt(nonce, content, head + purpose.encode())
        return urlsafe_b64encode(head + nonce + sealed).decode().rstrip("=")

    def open(self, purpose: str, text: str) -> bytes | None:
        """The content; None for a text that was not sealed here for this purpose."""
        try:
            raw = urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
            head, nonce, sealed = raw[:_HEAD_BYTES], raw[_HEAD_BYTES:][:_NONCE_BYTES], raw[_HEAD_BYTES + _NONCE_BYTES :]
            cipher = self._ciphers.get(head[len(_VERSION) :]) if head.startswith(_VERSION) else None
            return None if cipher is None else cipher.decrypt(nonce, sealed, head + purpose.encode())
        except (InvalidTag, ValueError):
            # Also what is no base64, and a nonce that is too short.
            return None


def _id_of(key: bytes) -> bytes:
    """What names a key. It says nothing about the key, which is random and long."""
    return sha256(b"watchword.pages: the id of a sealing key" + key).digest()[:_ID_BYTES]
