"""Sealing everything anew under the present key-encryption key, so that no former one is needed."""

import logging
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.keys import digests
from identity_service.keys import repository as keys
from identity_service.keys.key_encryption import Kind, Seal
from identity_service.keys.models import DigestKey, SigningKey
from identity_service.keys.sealed_rows import SealedRows
from identity_service.keys.sealing import CannotUnseal, Sealer
from identity_service.recording.acts import record_act
from identity_service.recording.cause import Cause
from watchword.clock import Clock
from watchword.database.database import Database

logger = logging.getLogger("identity.keys")

PORTION: Final = 1_000
"""How many rows one transaction looks at."""

_BEGINNING: Final = UUID(int=0)


class Count(NamedTuple):
    """How many values were sealed anew, and how many could not be opened, and stay as they are."""

    sealed: int = 0
    unopened: int = 0


class SealedAnew(NamedTuple):
    """The id of the key under which everything is sealed from now on, and how many of each kind were sealed anew."""

    key_encryption_key: str
    counts: Mapping[Kind, Count]


class SealingAnew:
    """Seals under the present key-encryption key, and has every process do so from then on. Every process must have
    that key: one that does not cannot open what others seal. It may be done at any time, by several processes at once,
    and again after one that was interrupted: what is done already is left as it is."""

    def __init__(self, database: Database, sealer: Sealer, tables: Sequence[SealedRows], clock: Clock) -> None:
        self._database = database
        self._sealer = sealer
        self._tables = tables
        self._clock = clock

    async def seal(self, cause: Cause) -> SealedAnew:
        """Seal everything anew, the keys first. Raises CannotUnseal if the key of digests cannot be opened: then
        nothing is changed."""
        act = _Act(cause, self._sealer.present.id)
        async with self._database.begin() as db:
            rows = await keys.lock_all(db)
            await self._seal_digest_key(db, act)
            await self._seal_signing_keys(db, rows, act)
        async with self._database.begin() as db:
            # Otherwise this process would seal as before until it reads the keys again.
            await digests.follow(db, self._sealer)
        for table in self._tables:
            await self._seal_table(table, act)
        return SealedAnew(self._sealer.present.id, act.counts)

    async def _seal_digest_key(self, db: AsyncSession, act: "_Act") -> None:
        """Raises CannotUnseal."""
        sealed = await digests.find(db) or await digests.make(db, self._sealer, self._clock.now())
        act.former = self._sealer.open(digests.SEAL, sealed).key.id
        if self._sealer.is_present(sealed):
            act.count(db, Kind.DIGEST_KEY, Count())
            return
        await db.execute(update(DigestKey).values(sealed_key=self._sealer.seal_anew(digests.SEAL, sealed)))
        act.count(db, Kind.DIGEST_KEY, Count(sealed=1))
        # Every process reads the keys, and seals from then on as this one is sealed.
        await keys.notify(db)

    async def _seal_signing_keys(self, db: AsyncSession, rows: Sequence[SigningKey], act: "_Act") -> None:
        stale = [row for row in rows if not self._sealer.is_present(row.sealed_private_key)]
        for row in stale:
            seal = Seal(Kind.SIGNING_KEY, row.kid)
            anew = self._try(seal, row.sealed_private_key)
            if anew is not None:
                row.sealed_private_key = anew
            else:
                _log_unopened([seal])
            act.count(db, Kind.SIGNING_KEY, Count(sealed=anew is not None, unopened=anew is None))
        act.count(db, Kind.SIGNING_KEY, Count())

    async def _seal_table(self, table: SealedRows, act: "_Act") -> None:
        """Seal the values of a table, a portion in each transaction."""
        after = _BEGINNING
        while True:
            async with self._database.begin() as db:
                last = await _last_of_portion(db, table, after)
                if last is None:
                    act.count(db, table.kind, Count())
                    return
                rows = await table.stale(db, self._sealer.present.header, after, last)
                anew = {row.id: sealed for row in rows if (sealed := self._try(row.seal, row.sealed)) is not None}
                if anew:
                    await table.replace(db, anew)
                _log_unopened([row.seal for row in rows if row.id not in anew])
                act.count(db, table.kind, Count(len(anew), len(rows) - len(anew)))
            after = last

    def _try(self, seal: Seal, sealed: bytes) -> bytes | None:
        """The value sealed anew; None if it cannot be opened."""
        try:
            return self._sealer.seal_anew(seal, sealed)
        except CannotUnseal:
            return None


class _Act:
    """One act of sealing anew: its counts so far, and its audit row, which goes with its first change. `former` is the
    id of the key under which the installation sealed before."""

    def __init__(self, cause: Cause, present: str) -> None:
        self._cause = cause
        self._present = present
        self._is_recorded = False
        self.former = present
        self.counts: dict[Kind, Count] = {}

    def count(self, db: AsyncSession, kind: Kind, count: Count) -> None:
        """Add to what was sealed in this transaction."""
        so_far = self.counts.get(kind, Count())
        self.counts[kind] = Count(so_far.sealed + count.sealed, so_far.unopened + count.unopened)
        if count.sealed and not self._is_recorded:
            self._is_recorded = True
            before, after = ({"key_encryption_key": key} for key in (self.former, self._present))
            record_act(db, self._cause, "keys.sealed", self._present, before=before, after=after)


def _log_unopened(seals: Sequence[Seal]) -> None:
    """Log that these are not sealed anew, in one line: there may be as many as a portion has rows."""
    if seals:
        text = "%d of the kind %s are not sealed anew, since no key-encryption key of the settings opens them: %s first"
        logger.error(text, len(seals), seals[0].kind, seals[0].label)


async def _last_of_portion(db: AsyncSession, table: SealedRows, after: UUID) -> UUID | None:
    """The id of the last row of the portion behind `after`; None if nothing is behind it."""
    portion = select(table.ids.label("id")).where(table.ids > after).order_by(table.ids).limit(PORTION).subquery()
    last: UUID | None = await db.scalar(select(portion.c.id).order_by(portion.c.id.desc()).limit(1))
    return last
