"""The life of the signing keys: the next one in time, one on demand, one withdrawn at once."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.errors import NoSigningKey
from identity_service.keys import repository, sealing
from identity_service.keys.models import SigningKey, whose_turn
from identity_service.keys.sealing import Sealer
from watchword.auth.public_key import PublicKey
from watchword.database.database import Database
from watchword.errors import NotFound

logger = logging.getLogger("identity.keys")


class KeyNotFound(NotFound):
    code = "key_not_found"
    detail = "There is no such signing key."


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long keys sign, how long others may keep them, and how long the longest-lived token lasts."""

    signing: timedelta
    jwks_max_age: timedelta
    longest_token: timedelta
    check_seconds: float

    @property
    def notice(self) -> timedelta:
        """How long a key must be published before it signs: every replica has seen it, and every cache has expired."""
        return self.jwks_max_age + 2 * timedelta(seconds=self.check_seconds)

    @property
    def lead(self) -> timedelta:
        """How long before its turn the next key is made."""
        return max(self.notice, min(timedelta(days=1), self.signing / 2))

    def is_due(self, keys: Sequence[SigningKey], now: datetime) -> bool:
        """Whether the keys there are leave some instant of the lead time without one that signs."""
        return covered_until(keys, now) <= now + self.lead


def covered_until(keys: Sequence[SigningKey], now: datetime) -> datetime:
    """The first instant from now on at which none of these keys signs."""
    until = now
    for key in sorted(keys, key=lambda key: key.signs_from):
        if key.is_published(now) and key.signs_from <= until < key.signs_until:
            until = key.signs_until
    return until


async def load(database: Database) -> Sequence[SigningKey]:
    async with database.begin() as db:
        return await repository.all_keys(db)


async def ensure_successor(database: Database, sealer: Sealer, schedule: Schedule, now: datetime) -> None:
    """Make the next key if it is due and nobody else has made it; it takes over when the present one ends."""
    generated = await asyncio.to_thread(sealing.generate)
    async with database.begin() as db:
        keys = await _lock_all(db, sealer)
        if not schedule.is_due(keys, now):
            return
        # Without a present key there is nothing to wait for: verifiers fetch the unknown kid when they meet it.
        signs_from = covered_until(keys, now)
        db.add(_row(sealer, *generated, schedule, now, signs_from))
        await repository.delete_withdrawn(db, now)
    logger.info("made the next signing key", extra={"kid": generated[1].kid, "signs_from": signs_from.isoformat()})


async def rotate(database: Database, sealer: Sealer, schedule: Schedule, now: datetime) -> SigningKey:
    """Make a key that takes over as soon as everybody can know it; the old ones verify until their last token ends."""
    generated = await asyncio.to_thread(sealing.generate)
    async with database.begin() as db:
        signs_now = any(key.signs(now) for key in await _lock_all(db, sealer))
        signs_from = now + schedule.notice if signs_now else now
        await repository.end_signing(db, signs_from, signs_from + schedule.longest_token)
        key = _row(sealer, *generated, schedule, now, signs_from)
        db.add(key)
        await repository.delete_withdrawn(db, now)
    return key


async def withdraw(database: Database, sealer: Sealer, schedule: Schedule, kid: str, now: datetime) -> SigningKey:
    """Take a compromised key out at once; whatever it signed is refused. Another key signs from now on."""
    generated = await asyncio.to_thread(sealing.generate)
    async with database.begin() as db:
        keys = await _lock_all(db, sealer)
        compromised = next((key for key in keys if key.kid == kid), None)
        if compromised is None:
            raise KeyNotFound(f"there is no signing key {kid}")
        compromised.signs_until = min(compromised.signs_until, now)
        compromised.withdrawn_at = min(compromised.withdrawn_at, now)
        signing = whose_turn(keys, now)
        if signing is None:
            signing = _row(sealer, *generated, schedule, now, now)
            db.add(signing)
    return signing


async def ensure_one(database: Database, sealer: Sealer, schedule: Schedule, now: datetime) -> None:
    """The first key of a new installation; nothing where one signs already."""
    if schedule.is_due(await load(database), now):
        await ensure_successor(database, sealer, schedule, now)
    if not any(key.signs(now) for key in await load(database)):
        raise NoSigningKey("no key signs now")


async def _lock_all(db: AsyncSession, sealer: Sealer) -> Sequence[SigningKey]:
    """All keys, which nobody else changes until this transaction ends.

    Raises CannotUnseal where they are sealed under another key-encryption key: with one more key under this one, no
    process could read them all.
    """
    await repository.lock(db)
    keys = await repository.all_keys(db)
    for key in keys:
        sealer.unseal(key.kid, key.sealed_private_key)
    return keys


def _row(
    sealer: Sealer,
    private: RSAPrivateKey,
    public: PublicKey,
    schedule: Schedule,
    now: datetime,
    signs_from: datetime,
) -> SigningKey:
    signs_until = signs_from + schedule.signing
    return SigningKey(
        kid=public.kid,
        sealed_private_key=sealer.seal(public.kid, private),
        n=public.n,
        e=public.e,
        published_at=now,
        signs_from=signs_from,
        signs_until=signs_until,
        withdrawn_at=signs_until + schedule.longest_token,
    )
