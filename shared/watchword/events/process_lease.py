"""The lease of one process: how it is renewed, by looks, which bring what the process must refuse.

While the lease is valid, a caller who waits until an event is obeyed waits for this process too. So a guard may answer
from memory as long as the lease runs, by this machine's own count; after that it looks first.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from watchword.auth.revocations import Revocations
from watchword.clock import Clock, seconds_since_boot
from watchword.errors import Unavailable
from watchword.events.refusal_delay import RefusalDelay
from watchword.events.revocation_copy import YIELD_AFTER, RevocationCopy
from watchword.events.single_flight import SingleFlight
from watchword.events.store import LEASE_SECONDS, LookResult, ReceiverStore
from watchword.tasks import repeat, run_until_first, wait_for

logger = logging.getLogger("watchword.events")

LOOK_EVERY_SECONDS: Final = 1.0
RETRY_SECONDS: Final = 0.2

LOOKS_TRIED: Final = 4
"""How many looks a guard waits for. The second one prolongs the lease, unless looks take as long as it runs."""

LOCAL_LEASE_SECONDS: Final = LEASE_SECONDS - 0.2
"""Shorter than the store counts, because two clocks do not run equally fast."""

READING_PAUSE_SECONDS: Final = 1.0
"""The pause after everything was read that nobody waited for: every role of the database can ask for it."""

LONGEST_ABSENCE_SECONDS: Final = 30.0
"""How long a lease may have run out before the process begins as a new one: too much may be new for a single look."""

IDLE_LOOK_PAUSE_SECONDS: Final = 0.02
"""The pause after a look that brought nothing, so that a flood of notifications does not make this process spin."""

OnResult = Callable[[LookResult, float], None]
"""Called with what a look brought, and the time since boot at which it was sent."""


class ProcessLease:
    """The lease of one process. One look is in flight at a time, and every guard that needs it waits for the same.

    A look brings what is new. The first one brings no more than the position from which on that is so; everything is
    read after it, beside the next ones.
    """

    def __init__(
        self,
        store: ReceiverStore,
        revocations: Revocations,
        clock: Clock,
        refusal_delay: RefusalDelay,
        on_result: OnResult,
    ) -> None:
        self._store = store
        self._clock = clock
        self._on_result = on_result
        self._refusal_delay = refusal_delay
        self.lacks_positions = False
        """Whether the last look brought revocations that have no position."""
        self._wakeup = asyncio.Event()
        self._copy = RevocationCopy(store, revocations)
        self._looking = SingleFlight(self._look, "looking for revocations")
        self._reading = SingleFlight(self._read_all, "reading what is revoked")
        self._forget()

    def _forget(self) -> None:
        """Begin as a process of which the store knows nothing."""
        self._valid_until = self._registered_until = 0.0
        self._position: int | None = None
        self._sent_position: int | None = None
        self._copy.forget()

    def is_current(self) -> bool:
        """Whether a guard may answer from memory."""
        return self._copy.is_complete and seconds_since_boot() < self._valid_until

    async def catch_up(self) -> None:
        """Return when the lease is valid and everything committed before is applied.

        Raises Unavailable, also if the store answers each look, but too late for the lease.
        """
        for _ in range(LOOKS_TRIED):
            if self.is_current():
                return
            await self._looking.wait()
            await self._complete()
        if not self.is_current():
            raise Unavailable(f"{LOOKS_TRIED} looks in a row took longer than the lease of this process")

    async def look(self) -> None:
        """Apply everything that is committed now. Raises Unavailable."""
        await self._looking.wait_for_new()
        await self._complete()

    async def reread(self) -> None:
        """Apply exactly what the store has. Raises Unavailable."""
        # First what is new, for which guards may be waiting.
        await self._looking.wait_for_new()
        await self._reading.wait_for_new()

    def wake(self, *, everything: bool = False) -> None:
        """Look soon; at everything, if rows may have changed without being given a new position."""
        if everything:
            self._copy.reread_wanted.set()
        self._wakeup.set()

    async def run(self) -> None:
        """Look at each wake and each second until the task is cancelled."""
        # Each of them alone: everything takes long to read, and the lease must be renewed meanwhile.
        await run_until_first(
            repeat(self._look_forever, lambda: RETRY_SECONDS, logger, name="looking for revocations"),
            repeat(self._read_forever, lambda: READING_PAUSE_SECONDS, logger, name="reading what is revoked"),
        )

    async def stop(self) -> None:
        """Give the lease up. Those who wait for a look meanwhile get Unavailable."""
        try:
            await self._reading.close()
            await self._looking.close()
            self._forget()
            await self._store.leave()
        finally:
            self._looking.open()
            self._reading.open()

    async def _look_forever(self) -> None:
        while True:
            self._wakeup.clear()
            before = self._position
            await self._looking.wait_for_new()
            if self._position == before:
                await asyncio.sleep(IDLE_LOOK_PAUSE_SECONDS)
            await wait_for(self._wakeup, LOOK_EVERY_SECONDS)

    async def _read_forever(self) -> None:
        while True:
            await self._copy.reread_wanted.wait()
            await self._reading.wait()
            await asyncio.sleep(READING_PAUSE_SECONDS)

    async def _complete(self) -> None:
        """Read everything if not everything is stored."""
        if not self._copy.is_complete:
            await self._reading.wait()

    async def _read_all(self) -> None:
        while (position := self._position) is None:
            await self._looking.wait()
        await self._copy.read(position, self._clock.now(), seconds_since_boot())

    async def _look(self) -> None:
        sent_at, now = seconds_since_boot(), self._clock.now()
        if self._position is not None and sent_at - self._registered_until > LONGEST_ABSENCE_SECONDS:
            self._forget()
            self._copy.distrust()
        self._copy.note_clock(now, sent_at)
        applied = self._position
        result = await self._store.look(applied, now, notify=applied != self._sent_position)
        if applied is not None and result.position < applied:
            # A standby took over that lacks the last positions. If its clock is behind, it may have given some since
            # that this look has not asked for.
            self._copy.distrust()
        await self._apply(result)
        self._sent_position = applied
        self._renew(sent_at)
        self._on_result(result, sent_at)
        if self._position != applied:
            # The next look says so, at once, since others wait for this process.
            self.wake()

    def _renew(self, sent_at: float) -> None:
        """Only a look that came back while the previous lease ran prolongs it.

        Another one may have been on its way when the store already counted this process as gone, and has not seen what
        was committed since: it registers the process, and the next look brings that.
        """
        if seconds_since_boot() < self._registered_until:
            self._valid_until = sent_at + LOCAL_LEASE_SECONDS
        self._registered_until = sent_at + LOCAL_LEASE_SECONDS

    async def _apply(self, result: LookResult) -> None:
        for number, stored in enumerate(result.revocations, start=1):
            now = self._clock.now()
            self._copy.add(stored.revocation, now)
            self._refusal_delay.measure(stored.happened_at, now)
            if number % YIELD_AFTER == 0:
                # Other tasks get their turn. The position comes last, when all is applied.
                await asyncio.sleep(0)
        self._position, self.lacks_positions = result.position, result.lacks_positions
