"""Rotating the signing key, on demand."""

from identity_service.keys.models import SigningKey
from identity_service.keys.service import SigningKeys
from identity_service.recording.acts import record_act
from identity_service.recording.cause import Cause


class KeyRotation:
    """Makes the next signing key before it is due."""

    def __init__(self, signing_keys: SigningKeys) -> None:
        self._signing_keys = signing_keys

    async def rotate(self, cause: Cause) -> SigningKey:
        """Make a key that takes over once every cached JWKS has it. Raises CannotUnseal."""
        return await self._signing_keys.rotate(
            lambda db, key: record_act(
                db, cause, "key.created", key.kid, before=None, after={"signs_from": key.signs_from.isoformat()}
            )
        )
