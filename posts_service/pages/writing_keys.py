"""The keys by which the text that a person is writing is kept in the browser."""

from base64 import b64encode
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from watchword.auth import Principal

KEY_BYTES: Final = 32
_PURPOSE: Final = b"watchword.posts: the text that this person is writing\x00"


class WritingKeys:
    """A key of AES-256 for each person, derived from the sealing key of the pages: none is stored, every process has
    the same, and a restart changes nothing."""

    def __init__(self, sealing_key: bytes, former_sealing_key: bytes | None) -> None:
        self._secrets = [each for each in (sealing_key, former_sealing_key) if each is not None]

    def of(self, writer: Principal) -> dict[str, object]:
        """Whose keys they are, and the keys in base64: the present one, and the former one if there is one. Raises
        NotPermitted for a caller who is no person."""
        person_id = writer.person_id()
        keys = [b64encode(_derived(secret, person_id)).decode() for secret in self._secrets]
        return {"person_id": str(person_id), "keys": keys}


def _derived(secret: bytes, person_id: UUID) -> bytes:
    """RFC 5869. The secret is random, so that no salt is needed."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=_PURPOSE + person_id.bytes).derive(secret)
