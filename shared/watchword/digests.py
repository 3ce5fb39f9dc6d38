"""Keyed digests: texts that can be compared and looked up, and that nobody without the key can compute or guess."""

import hmac


class KeyedDigests:
    """Digests under a key that is derived from a secret of the service, which may have other uses."""

    def __init__(self, secret: bytes) -> None:
        self._key = self.key_of(secret)

    @staticmethod
    def key_of(secret: bytes) -> bytes:
        """The key of digests that is derived from this secret, 32 bytes. It does not reveal the secret."""
        return hmac.digest(secret, b"watchword: keyed digests", "sha256")

    @classmethod
    def under(cls, key: bytes) -> "KeyedDigests":
        """Digests under a key that `key_of` has derived."""
        digests = cls.__new__(cls)
        digests._key = key
        return digests

    def of(self, label: str, text: str) -> bytes:
        """The digest of this text, 32 bytes; it can be compared with others of the same label."""
        key = hmac.digest(self._key, label.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256")
