"""What is reported to the transmitter about the events that were received: which are obeyed, and which are not valid.

An event is acknowledged when no process of this service accepts a token that it revokes, and its effect has happened.
"""

import asyncio
import time
from typing import Final

from watchword.events.store import EventStore
from watchword.events.transmitter_client import Receipt, Stream, TransmitterClient
from watchword.tasks import wait_for

ASK_AGAIN_SECONDS: Final = 0.25
"""How often it is asked which processes have applied an event. A process that is late says so at once, and the lease of
one that stands still runs out without a word."""

PAUSE_SECONDS: Final = 0.01
"""The pause before it is asked again because of a notification: every role of the database can send a flood of them."""


class Acknowledgements:
    """The events that are not acknowledged yet. It outlasts the connections over which they are reported."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._positions: dict[str, int] = {}
        self._errors: dict[str, dict[str, str]] = {}
        # The answer to a poll that was sent before may bring them once more.
        self._reported_at: dict[str, float] = {}
        self._wakeup = asyncio.Event()

    def knows(self, jti: str, polled_at: float) -> bool:
        """Whether an event that the poll of `polled_at` (monotonic time) brought is settled, or was by the time that it
        came."""
        return jti in self._positions or jti in self._errors or self._reported_at.get(jti, 0.0) > polled_at

    def forget_reported(self, polled_at: float) -> None:
        """Forget what was reported before this poll was sent."""
        self._reported_at = {jti: at for jti, at in self._reported_at.items() if at > polled_at}

    def __len__(self) -> int:
        return len(self._positions) + len(self._errors)

    def acknowledge(self, jti: str, position: int) -> None:
        """Acknowledge the event once every process has applied the revocations up to this position."""
        self._positions[jti] = position
        self._wakeup.set()

    def refuse(self, jti: str, error: dict[str, str]) -> None:
        """Report an event that can never be taken (RFC 8936 section 2.6)."""
        self._errors[jti] = error
        self._wakeup.set()

    def wake(self) -> None:
        """A process may have applied more than before."""
        self._wakeup.set()

    async def run(self, transmitter: TransmitterClient, stream: Stream) -> None:
        """Tell the transmitter until the task is cancelled. Raises Unavailable if it does not answer, or the store."""
        while True:
            self._wakeup.clear()
            receipt = await self._receipt()
            if receipt:
                await self._report(transmitter, stream, receipt)
            else:
                await asyncio.sleep(PAUSE_SECONDS)
            if self._positions:
                await wait_for(self._wakeup, ASK_AGAIN_SECONDS)
            else:
                await self._wakeup.wait()

    async def _receipt(self) -> Receipt:
        obeyed: list[str] = []
        if self._positions:
            lowest = await self._store.lowest_position()
            obeyed = [jti for jti, position in self._positions.items() if lowest is None or position <= lowest]
        return Receipt(obeyed, dict(self._errors))

    async def _report(self, transmitter: TransmitterClient, stream: Stream, receipt: Receipt) -> None:
        """Report in a poll that asks for no event (RFC 8936 section 2.4): one that waits is sent too late."""
        await transmitter.poll(stream.url, receipt, max_events=0, wait=False)
        now = time.monotonic()
        for jti in (*receipt.acknowledged, *receipt.errors):
            self._positions.pop(jti, None)
            self._errors.pop(jti, None)
            self._reported_at[jti] = now
