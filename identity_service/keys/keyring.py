"""The keys of this process: a copy of the table, from which the clock picks the one that signs."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Final

from identity_service.errors import NoSigningKey
from identity_service.keys.models import SigningKey, whose_turn
from identity_service.keys.opening import KeyCache, OpenedKey
from identity_service.keys.schedule import Schedule
from identity_service.keys.sealing import CannotUnseal, Sealer
from identity_service.keys.service import SigningKeys
from identity_service.keys.signing import Signer
from watchword.auth.errors import UnknownKey
from watchword.auth.public_key import PublicKey
from watchword.clock import Clock, seconds_since_boot
from watchword.tasks import cancel_and_wait, repeat, wait_for

logger = logging.getLogger("identity.keys")

UNKNOWN_KID_PAUSE_SECONDS: Final = 1.0
"""Unknown kids make a process read the table no more often than this."""

READ_EVERY_SECONDS: Final = 1.0
LEASE_SECONDS: Final = 3.0
"""How old the copy of the table may be when a key of it verifies: a withdrawn key must be refused although this process
has missed the notification, or has stood still."""


class Keyring:
    """Hands out the key that signs, and is the KeySource of this service's own guards."""

    def __init__(self, signing_keys: SigningKeys, sealer: Sealer, schedule: Schedule, clock: Clock) -> None:
        self._signing_keys = signing_keys
        self._schedule = schedule
        self._clock = clock
        self._cache = KeyCache(sealer)
        # Rows whose keys this process has opened, and no others.
        self._rows: Sequence[SigningKey] = ()
        self._keys: Mapping[str, OpenedKey] = {}
        # When the table was last read because of an unknown kid.
        self._searched_at = -float("inf")
        # When the reading began that the copy comes from, on a clock that runs on while the machine sleeps.
        self._copied_at = -float("inf")
        self._news = asyncio.Event()
        self._next_reading: asyncio.Task[None] | None = None

    def signer(self) -> Signer:
        """The key that signs at this instant. Raises NoSigningKey."""
        signing = whose_turn(self._rows, self._clock.now())
        if signing is None:
            raise NoSigningKey("no key signs now")
        return self._keys[signing.kid].signer

    def published(self) -> list[PublicKey]:
        """The keys that belong in the JWKS at this instant, the newest first."""
        now = self._clock.now()
        rows = sorted(
            (row for row in self._rows if row.is_published(now)), key=lambda row: row.signs_from, reverse=True
        )
        return [self._keys[row.kid].public for row in rows]

    def find(self, kid: str) -> PublicKey | None:
        """The verification key with this `kid`, if this process has read it a moment ago and it is published."""
        return None if seconds_since_boot() - self._copied_at > LEASE_SECONDS else self._copy_of(kid)

    async def get(self, kid: str) -> PublicKey:
        """The verification key with this `kid`. For an unknown one this process reads the table again, since another
        process may have made the key a moment ago; and for any one if its copy is too old.

        Raises UnknownKey, and DatabaseUnavailable if the table cannot be read.
        """
        key = self.find(kid)
        if key is None:
            await self._read_again()
            # The reading began after the call, so that what it shows is true, however long it took.
            key = self._copy_of(kid)
        if key is None:
            raise UnknownKey("unknown kid")
        return key

    def _copy_of(self, kid: str) -> PublicKey | None:
        """The verification key with this `kid`, if it is published by the copy of the table, however old that is."""
        now = self._clock.now()
        is_published = any(row.kid == kid and row.is_published(now) for row in self._rows)
        return self._keys[kid].public if is_published else None

    async def run(self) -> None:
        """Check the keys every `check_seconds`, until the task is cancelled."""
        # Starting the service has just checked them.
        await asyncio.sleep(self._schedule.check_seconds)
        await repeat(self._check_again, lambda: self._schedule.check_seconds, logger, name="checking the keys")

    async def watch(self) -> None:
        """Read the table each second, and at once after `read_soon`, until the task is cancelled."""
        await repeat(self._read_next, lambda: 0.0, logger, name="reading the keys")

    def read_soon(self) -> None:
        """Note that the keys have changed."""
        self._news.set()

    async def stop(self) -> None:
        """Cancel the reading that unknown kids wait for."""
        if self._next_reading is not None:
            await cancel_and_wait([self._next_reading])

    async def check(self) -> None:
        """Read the table, and make the next key if it is due. Raises CannotUnseal if no key can be opened."""
        await self.reload()
        if self._schedule.is_due(self._rows, self._clock.now()):
            await self._signing_keys.make_next()
            await self.reload()

    async def reload(self) -> None:
        """Read the table; only keys that this process does not have yet are opened."""
        began = seconds_since_boot()
        rows = await self._signing_keys.load()
        if began < self._copied_at:
            # Another reading, which began later, has ended earlier.
            return
        keys = self._cache.open(rows)
        self._copied_at = began
        self._rows, self._keys = [row for row in rows if row.kid in keys], keys

    async def _read_next(self) -> None:
        await wait_for(self._news, READ_EVERY_SECONDS)
        self._news.clear()
        await self.reload()

    async def _read_again(self) -> None:
        """Wait for a reading of the table that begins from now on. All who wait for one share it."""
        if self._next_reading is None or self._next_reading.done():
            self._next_reading = asyncio.create_task(self._reload_when_due())
            self._next_reading.add_done_callback(_retrieve)
        # Shielded: one caller that is cancelled must not cancel the reading that others wait for.
        await asyncio.shield(self._next_reading)

    async def _reload_when_due(self) -> None:
        # Tokens can name any kid, so an unknown one must not cause a reading each time.
        await asyncio.sleep(self._searched_at + UNKNOWN_KID_PAUSE_SECONDS - time.monotonic())
        self._searched_at = time.monotonic()
        # It may lack a key that is made after it begins, so those who come later wait for another one.
        self._next_reading = None
        await self.reload()

    async def _check_again(self) -> None:
        # Each row that cannot be opened has been logged.
        with contextlib.suppress(CannotUnseal):
            await self.check()


def _retrieve(reading: "asyncio.Task[None]") -> None:
    """Retrieve the error of a reading, so that asyncio does not log it when all callers have given up."""
    if not reading.cancelled():
        reading.exception()
