"""Challenges of passkeys. Nothing is stored of one until an authenticator has answered it: it says itself until when it
is valid, and has a keyed digest that only this installation can make."""

import hmac
import secrets
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.factors.models import SpentChallenge
from identity_service.factors.passkey_errors import PasskeyRefused
from identity_service.keys.digests import Digests
from identity_service.random_tokens import digest_of

LIFETIME: Final = timedelta(minutes=10)
"""How long a person has to answer."""

_LABEL: Final = "passkey challenge"
_RANDOM_BYTES: Final = 16
_INSTANT_BYTES: Final = 8
_SIGNED_BYTES: Final = _RANDOM_BYTES + _INSTANT_BYTES
_LENGTH: Final = _SIGNED_BYTES + 32


class Purpose(StrEnum):
    """What a passkey is used for. An answer to a challenge of one purpose does nothing for another."""

    REGISTRATION = "registration"
    SIGN_IN = "sign-in"
    """In the place of a password, or to show who one is again. Nobody knows yet whose passkey it will be."""
    SECOND_FACTOR = "second factor"
    """After a password."""


class Challenges:
    """Makes challenges of 56 bytes, of which 16 are random, and accepts each once."""

    def __init__(self, digests: Digests) -> None:
        self._digests = digests

    def make(self, purpose: Purpose, user_id: UUID | None, now: datetime) -> bytes:
        """A challenge for this purpose, and for this user alone unless that is None."""
        # Rounded down to a whole second, which is what the challenge can hold.
        expires_at = int((now + LIFETIME).timestamp())
        signed = secrets.token_bytes(_RANDOM_BYTES) + expires_at.to_bytes(_INSTANT_BYTES)
        return signed + self._mac(signed, purpose, user_id)

    def ensure_valid(self, challenge: bytes, purpose: Purpose, user_id: UUID | None, now: datetime) -> None:
        """Raise PasskeyRefused unless `make` has made this challenge for these, and it has not expired."""
        signed, mac = challenge[:_SIGNED_BYTES], challenge[_SIGNED_BYTES:]
        if len(challenge) != _LENGTH or not hmac.compare_digest(mac, self._mac(signed, purpose, user_id)):
            raise PasskeyRefused("the challenge is not ours, or for another purpose or person")
        if _expiry_of(challenge) <= now.timestamp():
            raise PasskeyRefused("the challenge has expired")

    def _mac(self, signed: bytes, purpose: Purpose, user_id: UUID | None) -> bytes:
        return self._digests.of(_LABEL, f"{signed.hex()} {purpose} {user_id}")


async def spend(db: AsyncSession, challenge: bytes) -> None:
    """Note that this challenge, which is valid, was answered. Raises PasskeyRefused if it was answered before."""
    # The instant comes from the challenge: the row is needed for as long as the challenge would be accepted.
    expires_at = datetime.fromtimestamp(_expiry_of(challenge), UTC)
    statement = insert(SpentChallenge).values(digest=digest_of(challenge.hex()), expires_at=expires_at)
    spent = await db.scalar(statement.on_conflict_do_nothing().returning(SpentChallenge.digest))
    if spent is None:
        raise PasskeyRefused("the challenge was answered before")


def _expiry_of(challenge: bytes) -> int:
    return int.from_bytes(challenge[_RANDOM_BYTES:_SIGNED_BYTES])
