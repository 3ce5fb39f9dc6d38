"""Whether one process has heard its issuer lately: what a lease is to processes that share a database.

A process that keeps what is revoked in its own memory learns it from nobody but the issuer. It may answer guards for
three seconds after it has sent a poll that was answered. After that it waits for the next answer; if the issuer cannot
be reached, it goes on with what it knows, and the policy for silence decides.
"""

import asyncio
import math
from typing import Final

from watchword.clock import seconds_since_boot
from watchword.events.silence import TransmitterSilent
from watchword.tasks import wait_for

VALID_SECONDS: Final = 3.0
"""How long an answer is valid, counted from its request: the transmitter may hold the poll for a second."""

CATCH_UP_SECONDS: Final = 5.0
"""How long a guard waits for the next answer."""


class ContactLease:
    """What one process has heard from its issuer. All times are since boot, so that they go on while the process stands
    still."""

    def __init__(self) -> None:
        # Replaced at each wake-up, so that everybody who waits for the next one wakes.
        self._wakeup = asyncio.Event()
        self.forget_everything()

    def forget_everything(self) -> None:
        """Begin as a process that knows nothing of what is revoked."""
        self.has_caught_up_before = False
        """Whether a whole replay has been received, of whichever stream."""
        self.has_caught_up = False
        """Whether everything has been received with which the present stream started."""
        self._valid_until = 0.0
        self._failed_at = -math.inf
        self._asking_since = 0.0

    def forget_stream(self) -> None:
        """Wait for the replay of another stream: something may have been missed."""
        self.has_caught_up = False
        self._valid_until = 0.0

    def note_attempt(self) -> None:
        """Note that the transmitter is going to be asked."""
        self._asking_since = seconds_since_boot()

    def note_answer(self, asked_at: float, *, is_last: bool) -> None:
        """Note an answer, asked for at this time, whose events are refused by now. It `is_last` if no more wait."""
        self._asking_since = seconds_since_boot()
        if is_last:
            self.has_caught_up = self.has_caught_up_before = True
            self._valid_until = max(self._valid_until, asked_at + VALID_SECONDS)
        self._wake()

    def note_failure(self) -> None:
        """Note that the transmitter did not answer."""
        now = seconds_since_boot()
        # One that took longer says nothing: this process stood still meanwhile.
        if now - self._asking_since < VALID_SECONDS:
            self._failed_at = now
            if self.has_caught_up_before:
                self._valid_until = now + VALID_SECONDS
        self._wake()

    def is_current(self) -> bool:
        """Whether a guard may answer from memory."""
        return seconds_since_boot() < self._valid_until

    def needs_answer_now(self) -> bool:
        """Whether the next answer is wanted at once, and not when there is an event."""
        return self.has_caught_up and not self.is_current()

    async def catch_up(self) -> None:
        """Return when a guard may answer from memory. Raises TransmitterSilent if that cannot be known."""
        deadline = seconds_since_boot() + CATCH_UP_SECONDS
        while not self.is_current():
            now = seconds_since_boot()
            if now >= deadline:
                raise TransmitterSilent(f"what is revoked could not be learned within {CATCH_UP_SECONDS:g} s")
            if not self.has_caught_up_before and now - self._failed_at < VALID_SECONDS:
                raise TransmitterSilent("the transmitter has not been heard since this process started")
            await wait_for(self._wakeup, deadline - now)

    def _wake(self) -> None:
        self._wakeup.set()
        self._wakeup = asyncio.Event()
