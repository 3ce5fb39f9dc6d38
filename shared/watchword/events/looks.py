"""Looks: how a process renews its lease, and learns from the store what it must refuse.

While its lease is valid, whoever waits until an event is obeyed waits for this process too. So a guard may answer from
memory as long as the lease runs, by this machine's own count; after that it looks first.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from watchword.auth.revocations import Revocations
from watchword.clock import Clock, seconds_since_boot
from watchword.errors import Unavailable
from watchword.events.store import LEASE_SECONDS, HeldRevocation, ReceiverStore, View
from watchword.tasks import cancel_and_wait, repeat, wait_for

logger = logging.getLogger("watchword.events")

LOOK_EVERY_SECONDS: Final = 1.0
RETRY_SECONDS: Final = 0.2

LOOKS_TRIED: Final = 4
"""How many looks a guard waits for. The second one prolongs the lease, unless looks take as long as it runs."""

LOCAL_LEASE_SECONDS: Final = LEASE_SECONDS - 0.2
"""Shorter than the store counts, because two clocks do not run equally fast."""

WHOLE_LOOK_PAUSE_SECONDS: Final = 1.0
"""For how long at least only what is new is looked for between two looks at everything. These take long, every role of
the database can ask for them, and the lease must be renewed between two of them."""

IDLE_LOOK_PAUSE_SECONDS: Final = 0.02
"""The pause after a look that brought nothing, so that a flood of notifications does not make this process spin."""

CLOCK_JUMP_SECONDS: Final = 1.0

_EVERYTHING: Final = -1

OnView = Callable[[View, float], None]
"""Called with what a look brought, and the time since boot at which it was sent."""


class Looks:
    """The lease of one process. One look is in flight at a time, and every guard that needs it waits for the same."""

    def __init__(self, store: ReceiverStore, revocations: Revocations, clock: Clock, on_view: OnView) -> None:
        self._store = store
        self._revocations = revocations
        self._clock = clock
        self._on_view = on_view
        self.observe: Callable[[float], None] | None = None
        """Called for each revocation that this process has just applied, with the seconds since it happened."""
        self.last_measured_at = seconds_since_boot()
        """When that was last, in seconds since boot; before the first time, when this receiver was started."""
        self.has_unplaced = False
        """Whether the last look brought revocations that have no position."""
        self._bell = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._forget()

    def _forget(self) -> None:
        """Begin as a process of which the store knows nothing."""
        self._valid_until = self._registered_until = 0.0
        self._position = self._sent_position = 0
        self._wants_everything = True
        self._has_everything = False
        self._everything_from = 0.0
        self._booted_at: float | None = None

    def is_current(self) -> bool:
        """Whether a guard may answer from memory."""
        return seconds_since_boot() < self._valid_until

    async def catch_up(self) -> None:
        """Return when the lease is valid and everything committed before is applied.

        Raises Unavailable, also if the store answers each look, but too late for the lease.
        """
        for _ in range(LOOKS_TRIED):
            if self.is_current():
                return
            await self._wait_for_look()
        if not self.is_current():
            raise Unavailable(f"{LOOKS_TRIED} looks in a row took longer than the lease of this process")

    async def look(self) -> None:
        """Apply everything that is committed now. Raises Unavailable."""
        if self._looking is not None and not self._looking.done():
            # It may have been sent before.
            await asyncio.wait([self._looking])
        await self._wait_for_look()

    async def look_at_everything(self) -> None:
        """Apply exactly what the store has. Raises Unavailable."""
        self._wants_everything, self._everything_from = True, 0.0
        await self.look()

    def ring(self, *, everything: bool = False) -> None:
        """Look soon; at everything, if rows may have changed without being given a new position."""
        self._wants_everything |= everything
        self._bell.set()

    async def run(self) -> None:
        """Look at each ring and each second until the task is cancelled."""
        self.last_measured_at = seconds_since_boot()
        await repeat(self._look_forever, lambda: RETRY_SECONDS, logger, name="looking for revocations")

    async def stop(self) -> None:
        """Give the lease up. Those who wait for a look meanwhile get Unavailable."""
        self._is_stopping = True
        try:
            if self._looking is not None:
                await cancel_and_wait([self._looking])
            self._forget()
            await self._store.leave()
        finally:
            self._is_stopping = False

    async def _look_forever(self) -> None:
        while True:
            self._bell.clear()
            before = self._position
            await self.look()
            if self._position == before:
                await asyncio.sleep(IDLE_LOOK_PAUSE_SECONDS)
            await wait_for(self._bell, LOOK_EVERY_SECONDS)

    async def _wait_for_look(self) -> None:
        """Wait for the look in flight, or for a new one, which goes on if the caller is cancelled."""
        looking = self._look_in_flight()
        await asyncio.wait([looking])
        if looking.cancelled():
            raise Unavailable("this process has stopped looking for revocations")
        looking.result()

    def _look_in_flight(self) -> "asyncio.Task[None]":
        if self._is_stopping:
            raise Unavailable("this process stops looking for revocations")
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
            # Retrieved, because those who wait for it may have gone.
            self._looking.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._looking

    async def _look(self) -> None:
        sent_at, now, applied = seconds_since_boot(), self._clock.now(), self._position
        self._note_boot(now.timestamp() - sent_at)
        view = await self._read_and_apply(sent_at, applied, now)
        self._sent_position = applied
        self._renew(sent_at)
        self._on_view(view, sent_at)
        if self._position != applied:
            # The next look says so, at once, since others wait for this process. Positions go back if a standby takes
            # over that lacks the last ones.
            self.ring(everything=self._position < applied)

    async def _read_and_apply(self, sent_at: float, applied: int, now: datetime) -> View:
        """Ask the store for everything, if that is wanted, or for what is new, and apply it."""
        is_everything = self._wants_everything and sent_at >= self._everything_from
        if is_everything:
            # Not later: a ring that comes meanwhile may be about what this look does not see.
            self._wants_everything = False
        known, is_news = _EVERYTHING if is_everything else applied, applied != self._sent_position
        try:
            view = await self._store.look(known, applied, now, is_news=is_news)
        except BaseException:
            self._wants_everything |= is_everything
            raise
        finally:
            if is_everything and self._has_everything:
                self._everything_from = seconds_since_boot() + WHOLE_LOOK_PAUSE_SECONDS
        self._apply(view, is_everything=is_everything)
        return view

    def _note_boot(self, booted_at: float) -> None:
        """Want everything if the clock has jumped since the last look, since by the clock the machine was started at
        another time: while it was ahead, revocations counted as expired."""
        if self._booted_at is not None and abs(booted_at - self._booted_at) > CLOCK_JUMP_SECONDS:
            self._wants_everything = True
        self._booted_at = booted_at

    def _renew(self, sent_at: float) -> None:
        """Only a look that came back while the previous lease ran prolongs it.

        Another one may have been on its way when the store already counted this process as gone, and has not seen what
        was committed since: it registers the process, and the next look brings that.
        """
        if seconds_since_boot() < self._registered_until:
            self._valid_until = sent_at + LOCAL_LEASE_SECONDS
        self._registered_until = sent_at + LOCAL_LEASE_SECONDS

    def _apply(self, view: View, *, is_everything: bool) -> None:
        now = self._clock.now()
        if is_everything:
            self._has_everything = True
            self._revocations.replace([held.revocation for held in view.revocations], now.timestamp())
        else:
            for held in view.revocations:
                self._revocations.add(held.revocation, now.timestamp())
                self._measure(held, now)
        self._position, self.has_unplaced = view.position, view.has_unplaced

    def _measure(self, held: HeldRevocation, now: datetime) -> None:
        if held.happened_at is None:
            return
        self.last_measured_at = seconds_since_boot()
        if self.observe is not None:
            self.observe(max(0.0, (now - held.happened_at).total_seconds()))
