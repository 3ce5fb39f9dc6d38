"""Writing a letter's job, in the transaction of the change that causes the letter."""

import json
from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.keys.key_encryption import Kind, Seal
from identity_service.keys.sealing import Sealer
from identity_service.letters.letter import Letter, LetterKind, has_token
from watchword.jobs import Jobs

LETTER: Final = "letter"
"""The kind of a letter's job."""


class Letters:
    """Enqueues letters. What a reader of the table must not learn is sealed: the address, the token, the device.

    If the settings name no mail server and no folder, `can_send` is false and nothing is enqueued.
    """

    def __init__(self, jobs: Jobs, sealer: Sealer, *, can_send: bool) -> None:
        self._jobs = jobs
        self._sealer = sealer
        self.can_send = can_send

    async def enqueue(self, db: AsyncSession, letter: Letter) -> None:
        """Write the letter's job, which is done after the commit. Raises ValueError for a letter to a user that has no
        address, or whose link has no token or no end."""
        _ensure_whole(letter)
        if self.can_send:
            await self._jobs.enqueue(db, LETTER, seal(letter, self._sealer))


def seal(letter: Letter, sealer: Sealer) -> dict[str, Any]:
    """The payload of a letter's job. For no account it holds nothing of the letter but its kind."""
    user_id = None if letter.user_id is None else str(letter.user_id)
    secrets = {"to": letter.to, "token": letter.token, "device": letter.device} if user_id else {}
    if user_id and letter.application:
        # The previous release cannot read a letter that has this member, so only those that need it have it.
        secrets["application"] = letter.application
    if user_id and letter.passkey:
        secrets["passkey"] = letter.passkey
    return {
        "kind": letter.kind.value,
        "user_id": user_id,
        "expires_at": letter.expires_at.isoformat() if user_id and letter.expires_at else None,
        "sealed": b64encode(sealer.seal_text(seal_of(letter.kind, user_id), json.dumps(secrets))).decode(),
    }


def unseal(payload: dict[str, Any], sealer: Sealer) -> Letter:
    """The letter of this payload. Raises CannotUnseal."""
    kind, user_id, expires_at = LetterKind(payload["kind"]), payload["user_id"], payload["expires_at"]
    secrets = json.loads(sealer.unseal_text(seal_of(kind, user_id), b64decode(payload["sealed"])))
    return Letter(
        kind=kind,
        user_id=None if user_id is None else UUID(user_id),
        expires_at=None if expires_at is None else datetime.fromisoformat(expires_at),
        **secrets,
    )


def seal_of(kind: str, user_id: str | None) -> Seal:
    """What the sealed part of a letter's payload is bound to."""
    return Seal(Kind.LETTER, f"letter {kind} {user_id}")


def _ensure_whole(letter: Letter) -> None:
    if letter.user_id is not None and letter.to is None:
        raise ValueError(f"a letter of the kind {letter.kind} needs an address")
    if letter.user_id is not None and has_token(letter.kind) and (letter.token is None or letter.expires_at is None):
        raise ValueError(f"the link of a letter of the kind {letter.kind} needs a token and an end")
