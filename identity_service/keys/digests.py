"""The key of the installation's keyed digests. It stays what it was when the key-encryption key is another one, so that
what the tables know by a digest (withheld usernames, user codes, counts of limits) is known afterwards too."""

import logging
from datetime import datetime
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.keys import repository
from identity_service.keys.key_encryption import Kind, Seal
from identity_service.keys.models import DigestKey
from identity_service.keys.opening import usable_rows
from identity_service.keys.sealing import CannotUnseal, Sealer
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.digests import KeyedDigests

logger = logging.getLogger("identity.keys")

SEAL: Final = Seal(Kind.DIGEST_KEY, "digest key")


class Digests:
    """The keyed digests of this process, which cannot be made before `DigestKeys.load`."""

    def __init__(self) -> None:
        self._digests: KeyedDigests | None = None

    def use(self, key: bytes) -> None:
        self._digests = KeyedDigests.under(key)

    def of(self, label: str, text: str) -> bytes:
        """A digest of this text that can be compared with others of the same label, and that nobody without the key can
        compute: 32 bytes."""
        if self._digests is None:
            raise RuntimeError("the key of digests has not been loaded")
        return self._digests.of(label, text)


class DigestKeys:
    """The one row of the key, whose seal also says how the whole installation seals."""

    def __init__(self, database: Database, sealer: Sealer, clock: Clock) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self.digests = Digests()

    async def load(self) -> None:
        """Open the key, for this process to seal and to make digests; it is made at the first start of an installation.

        Raises CannotUnseal.
        """
        async with self._database.begin() as db:
            sealed = await find(db)
            if sealed is None:
                sealed = await make(db, self._sealer, self._clock.now())
            try:
                self.digests.use(self._sealer.follow(SEAL, sealed))
            except CannotUnseal:
                # If no signing key can be opened either, that is what the operator should read.
                usable_rows(self._sealer, await repository.all_keys(db), self._clock.now())
                raise


async def find(db: AsyncSession) -> bytes | None:
    """The sealed key."""
    return await db.scalar(select(DigestKey.sealed_key))


async def make(db: AsyncSession, sealer: Sealer, now: datetime) -> bytes:
    """Make the key unless another process has made it meanwhile, and return it sealed.

    It is derived from the key-encryption key of the oldest signing key: processes of the previous release make their
    digests with what is derived from it. It is sealed as that signing key is. Raises CannotUnseal.
    """
    rows = await repository.lock_all(db)
    present = await find(db)
    if present is not None:
        return present
    usable = usable_rows(sealer, rows, now)
    if usable:
        sealer.follow(Seal(Kind.SIGNING_KEY, usable[0].kid), usable[0].sealed_private_key)
    else:
        sealer.begin()
    sealed = sealer.seal_bytes(SEAL, sealer.sealing_key().digest_key)
    await db.execute(insert(DigestKey).values(sealed_key=sealed))
    return sealed


async def follow(db: AsyncSession, sealer: Sealer) -> None:
    """Seal from now on as the installation does. If this process does not have that key, it seals nothing."""
    sealed = await find(db)
    if sealed is None or sealed == sealer.followed:
        return
    try:
        sealer.follow(SEAL, sealed)
    except CannotUnseal as error:
        logger.error("nothing is sealed by this process: %s", error.reason)
