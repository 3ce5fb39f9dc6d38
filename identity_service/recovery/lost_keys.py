"""Going on with another key-encryption key when the one before is lost: nothing opens what that has sealed."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.keys import digests, repository
from identity_service.keys.models import DigestKey, SigningKey
from identity_service.keys.opening import open_key
from identity_service.keys.sealing import CannotUnseal, Sealer
from identity_service.keys.service import SigningKeys
from identity_service.recording.acts import record_act
from identity_service.recording.cause import Cause
from identity_service.recording.recorder import Recorder
from watchword.clock import Clock
from watchword.database.database import Database


class ReplacedKeys(NamedTuple):
    """The ids of the signing keys that were withdrawn, and of the one that was made, if none was left that signs;
    whether the key of digests was made anew."""

    withdrawn: list[str]
    made: str | None
    has_new_digest_key: bool


class LostKeys:
    """Replaces the keys that no key-encryption key of the settings opens, and leaves the others as they are."""

    def __init__(
        self, database: Database, sealer: Sealer, signing_keys: SigningKeys, recorder: Recorder, clock: Clock
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._signing_keys = signing_keys
        self._recorder = recorder
        self._clock = clock

    async def replace(self, cause: Cause) -> ReplacedKeys:
        """Withdraw each signing key that cannot be opened, as one that has leaked: every service refuses its tokens.
        Make the key of digests anew if it cannot be opened, and a signing key if none is left that signs."""
        async with self._database.begin() as db:
            withdrawn = await self._withdraw(db, await repository.lock_all(db), cause)
            has_new_digest_key = await self._replace_digest_key(db, cause)
            await repository.notify(db)
        # Not before: while keys are published of which it opens none, a process makes no further one.
        made = await self._signing_keys.make_next()
        return ReplacedKeys(withdrawn, None if made is None else made.kid, has_new_digest_key)

    async def _withdraw(self, db: AsyncSession, rows: Sequence[SigningKey], cause: Cause) -> list[str]:
        now = self._clock.now()
        lost = [row for row in rows if row.withdrawn_at > now and not row.is_compromised and not self._opens(row)]
        for row in lost:
            await self._recorder.key_withdrawn(db, now, row, cause)
            row.compromise(now)
        await db.flush()  # the rows are read again
        return [row.kid for row in lost]

    def _opens(self, row: SigningKey) -> bool:
        try:
            open_key(self._sealer, row)
        except CannotUnseal:
            return False
        return True

    async def _replace_digest_key(self, db: AsyncSession, cause: Cause) -> bool:
        """Whether the key was made anew."""
        sealed = await digests.find(db)
        if sealed is None:
            return False
        try:
            self._sealer.open(digests.SEAL, sealed)
        except CannotUnseal:
            await db.execute(delete(DigestKey))
            await digests.make(db, self._sealer, self._clock.now())
            after = {"key_encryption_key": self._sealer.present.id}
            record_act(db, cause, "digest_key.replaced", digests.SEAL.label, before=None, after=after)
            return True
        return False
