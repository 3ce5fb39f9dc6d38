"""Keyed digests: texts that can be compared and looked up, and that nobody without the key can compute or guess."""

import hmac


class KeyedDigests:
    """Digests under a key that is derived from a secret of the service, which may have other uses."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"watchword: keyed digests", "sha256")

    def of(self, label: str, text: str) -> bytes:
        """The digest of this text, 32 bytes; it can be compared with others of the same label."""
        key = hmac.digest(self._key, label.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256")
