"""What a page hands on to the next one in the query, so that only this installation can have written it."""

import json
from base64 import b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Final
from uuid import UUID

from identity_service.keys.key_encryption import Kind, Seal
from identity_service.keys.sealing import CannotUnseal, Sealer
from identity_service.pages.goals import MAX_ADMINISTRATION_CHARACTERS
from watchword.clock import Clock

LIFETIME: Final = timedelta(hours=1)
MAX_CHARACTERS: Final = MAX_ADMINISTRATION_CHARACTERS - 500
"""The longest sealed text: the path of the page is before it."""


class SealedQuery:
    """Seals texts for one person, one page and one parameter. What is sealed cannot be read from a log or a browser's
    history."""

    def __init__(self, sealer: Sealer, clock: Clock) -> None:
        self._sealer = sealer
        self._clock = clock

    def seal(self, user_id: UUID, path: str, name: str, text: str) -> str | None:
        """The value of the parameter with this name. None if it would be too long, or while the installation seals
        under a key that this process does not have: the page is shown without it then."""
        content = json.dumps({"until": int((self._clock.now() + LIFETIME).timestamp()), "text": text})
        try:
            sealed = self._sealer.seal_text(_seal(user_id, path, name), content)
        except CannotUnseal:
            return None
        value = urlsafe_b64encode(sealed).decode().rstrip("=")
        return value if len(value) <= MAX_CHARACTERS else None

    def open(self, user_id: UUID, path: str, name: str, value: str) -> str | None:
        """The text in the parameter; None if it is not ours, was sealed for somebody or something else, or is old."""
        if not value or len(value) > MAX_CHARACTERS:
            return None
        try:
            sealed = b64decode(f"{value}{'=' * (-len(value) % 4)}", altchars=b"-_", validate=True)
            content = json.loads(self._sealer.unseal_text(_seal(user_id, path, name), sealed))
        except (CannotUnseal, ValueError):
            return None
        return str(content["text"]) if content["until"] > self._clock.now().timestamp() else None


def _seal(user_id: UUID, path: str, name: str) -> Seal:
    return Seal(Kind.PAGE_QUERY, f"{name} of {path} for {user_id}")
