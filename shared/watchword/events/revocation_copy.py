"""Reading everything that is revoked: in portions, between which the process does its other work.

Looks go on meanwhile, and bring what is new. So no revocation is forgotten that comes while everything is read, and
what is held before is replaced in one step, when the last portion is there.
"""

import asyncio
from collections.abc import Iterable
from contextlib import aclosing
from datetime import datetime
from typing import Final

from watchword.auth.revocations import Revocation, Revocations
from watchword.events.store import ReceiverStore

YIELD_AFTER: Final = 1_000
"""After how many revocations other tasks get their turn."""

CLOCK_JUMP_SECONDS: Final = 1.0


class RevocationCopy:
    """The copy in memory of what is revoked. It `is_complete` once everything has been read that was committed when the
    reading began; what came after that, looks add."""

    def __init__(self, store: ReceiverStore, revocations: Revocations) -> None:
        self._store = store
        self._revocations = revocations
        self.reread_wanted = asyncio.Event()
        """Set while everything is to be read again, although nobody waits for it."""
        self._doubts = 0
        # What has been added since a reading began: by kind and key, since the last that is read of each counts.
        self._added: dict[tuple[str, str], Revocation] | None = None
        self.forget()

    def forget(self) -> None:
        """Begin as a process that holds nothing."""
        self._doubts += 1
        self.is_complete = False
        self._booted_at: float | None = None
        self.reread_wanted.clear()

    def distrust(self) -> None:
        """Hold nothing, and want everything: something may be missing, also in a reading that is on its way."""
        self._doubts += 1
        self.is_complete = False
        self.reread_wanted.set()

    def note_clock(self, now: datetime, since_boot: float) -> None:
        """Distrust the copy if the clock has jumped since the last time, so that by the clock the machine was started
        at another time: while it was ahead, revocations counted as expired."""
        booted_at = now.timestamp() - since_boot
        if self._booted_at is not None and abs(booted_at - self._booted_at) > CLOCK_JUMP_SECONDS:
            self.distrust()
        self._booted_at = booted_at

    def add(self, revocation: Revocation, now: datetime) -> None:
        """Refuse from now on, also after a reading that is on its way."""
        self._revocations.add(revocation, now.timestamp())
        if self._added is not None:
            self._added[revocation.kind, revocation.key] = revocation

    async def read(self, position: int, now: datetime, since_boot: float) -> None:
        """Hold exactly what the store has, and what is added meanwhile. Raises Unavailable, and then changes nothing.

        Looks bring what comes after `position`, so everything up to there must be read.
        """
        self.note_clock(now, since_boot)
        # Not later: what is wanted or doubted meanwhile may be about what this reading does not see.
        self.reread_wanted.clear()
        doubts, self._added = self._doubts, {}
        try:
            replacement = await self._replacement(position, now)
        except BaseException:
            self.reread_wanted.set()
            raise
        finally:
            self._added = None
        self._revocations.replace(replacement)
        self.is_complete = self.is_complete or doubts == self._doubts

    async def _replacement(self, position: int, now: datetime) -> Revocations:
        replacement = Revocations(self._revocations.memory_seconds)
        async with aclosing(self._store.read_all(position, now)) as portions:
            async for portion in portions:
                await _add_all(replacement, portion, now)
        # After the portions: what a look has brought may be later than the row that was read.
        while self._added:
            added, self._added = self._added, {}
            await _add_all(replacement, added.values(), now)
        return replacement


async def _add_all(revocations: Revocations, more: Iterable[Revocation], now: datetime) -> None:
    for number, revocation in enumerate(more, start=1):
        revocations.add(revocation, now.timestamp())
        if number % YIELD_AFTER == 0:
            await asyncio.sleep(0)
