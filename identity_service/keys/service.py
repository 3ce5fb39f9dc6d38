"""The life of the signing keys: made in time, rotated on demand, and replaced at once if one is to be withdrawn."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.keys import digests, generation, repository
from identity_service.keys.generation import KeyPair
from identity_service.keys.models import SigningKey, whose_turn
from identity_service.keys.opening import usable_rows
from identity_service.keys.schedule import Schedule, covered_until
from identity_service.keys.sealing import Sealer
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.errors import NotFound

logger = logging.getLogger("identity.keys")

CLOCK_TOLERANCE: Final = timedelta(minutes=1)
"""How far the clock of another process may be behind for a key that signs at once to sign there at once too."""


Note = Callable[[AsyncSession, SigningKey], None]
"""Writes down, in the transaction of an act, what it did to a key."""


class KeyNotFound(NotFound):
    code = "key_not_found"
    detail = "There is no such signing key."


class SigningKeys:
    """The table of signing keys. Every change locks it, and raises CannotUnseal if no key in it can be opened: a
    process with another key-encryption key than the others changes nothing. A row that cannot be opened is no key."""

    def __init__(self, database: Database, sealer: Sealer, schedule: Schedule, clock: Clock) -> None:
        self._database = database
        self._sealer = sealer
        self._schedule = schedule
        self._clock = clock

    async def load(self) -> Sequence[SigningKey]:
        """All keys, the first to sign first. This process seals from now on as the installation does."""
        async with self._database.begin() as db:
            await digests.follow(db, self._sealer)
            return await repository.all_keys(db)

    async def make_next(self) -> SigningKey | None:
        """Make the next key if it is due, as the first key of an installation always is; None if it is not.

        It takes over when the present key ends.
        """
        now = self._clock.now()
        if not self._schedule.is_due(self._usable(await self.load(), now), now):
            return None
        pair = await self._generate()
        async with self._database.begin() as db:
            rows = await self._lock_all(db)
            now = self._clock.now()
            keys = self._usable(rows, now)
            # Another process may have made it while this one generated.
            if not self._schedule.is_due(keys, now):
                return None
            # If no key signs now, there is nothing to wait for: verifiers fetch an unknown kid when they meet it.
            key = await self._add(db, pair, now, signs_from=covered_until(keys, now))
        fields = {"kid": key.kid, "signs_from": key.signs_from.isoformat()}
        logger.info("made the next signing key: %s, signs from %s", key.kid, fields["signs_from"], extra=fields)
        return key

    async def rotate(self, note: Note | None = None) -> SigningKey:
        """Make a key that takes over once every cached JWKS has it. The old ones verify until their last token ends.
        `note` is called in the transaction, with the key."""
        pair = await self._generate()
        async with self._database.begin() as db:
            rows = await self._lock_all(db)
            now = self._clock.now()
            signs_now = whose_turn(self._usable(rows, now), now) is not None
            signs_from = now + self._schedule.notice if signs_now else now
            await repository.end_signing(db, signs_from, signs_from + self._schedule.longest_token)
            key = await self._add(db, pair, now, signs_from=signs_from)
            if note is not None:
                note(db, key)
            return key

    async def get_or_make_successor(self, kid: str) -> SigningKey:
        """The key that signs if this one is withdrawn; it is made, published and signs at once if there is none.

        Raises KeyNotFound.
        """
        successor = self._successor_of(kid, await self.load())
        if successor is not None:
            return successor
        pair = await self._generate()
        async with self._database.begin() as db:
            successor = self._successor_of(kid, await self._lock_all(db))
            if successor is None:
                published_at = self._clock.now() - CLOCK_TOLERANCE
                successor = self._row(pair, published_at, signs_from=published_at)
                db.add(successor)
                await repository.notify(db)
            return successor

    def _successor_of(self, kid: str, keys: Sequence[SigningKey]) -> SigningKey | None:
        """The key whose turn it is if this one is left out."""
        if not any(key.kid == kid for key in keys):
            raise KeyNotFound(f"there is no signing key {kid}")
        now = self._clock.now()
        return whose_turn((key for key in self._usable(keys, now) if key.kid != kid), now)

    async def _lock_all(self, db: AsyncSession) -> Sequence[SigningKey]:
        """All keys, locked; what is sealed in this transaction is sealed as the installation does."""
        rows = await repository.lock_all(db)
        await digests.follow(db, self._sealer)
        return rows

    async def _generate(self) -> KeyPair:
        """Generate before the transaction begins: it takes long, and the lock must not."""
        return await asyncio.to_thread(generation.generate)

    def _usable(self, keys: Sequence[SigningKey], now: datetime) -> list[SigningKey]:
        return usable_rows(self._sealer, keys, now)

    async def _add(self, db: AsyncSession, pair: KeyPair, now: datetime, *, signs_from: datetime) -> SigningKey:
        key = self._row(pair, now, signs_from=signs_from)
        db.add(key)
        await repository.delete_withdrawn(db, now)
        await repository.notify(db)
        return key

    def _row(self, pair: KeyPair, now: datetime, *, signs_from: datetime) -> SigningKey:
        signs_until = signs_from + self._schedule.signing
        return SigningKey(
            kid=pair.public.kid,
            sealed_private_key=self._sealer.seal(pair.public.kid, pair.private),
            n=pair.public.n,
            e=pair.public.e,
            published_at=now,
            signs_from=signs_from,
            signs_until=signs_until,
            withdrawn_at=signs_until + self._schedule.longest_token,
        )
