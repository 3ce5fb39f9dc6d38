"""Whose stream is polled, and when: what differs between processes that share a store and one that has its own."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, Final, Protocol

from watchword.clock import Clock, seconds_since_boot
from watchword.events.contact_lease import ContactLease
from watchword.events.errors import StreamGone
from watchword.events.poll_lease import PollLease
from watchword.events.process_stream import ProcessStream
from watchword.events.store import ReceiverStore
from watchword.events.stream_polls import StreamPolls
from watchword.events.transmitter_client import Stream, TransmitterClient
from watchword.tasks import repeat, run_until_first

logger = logging.getLogger("watchword.events")

CLEAN_UP_EVERY: Final = timedelta(minutes=5)
CLEAN_UP_CHECK_SECONDS: Final = 1.0

Work = Callable[[], Coroutine[Any, Any, object]]


class Turn(Protocol):
    """The part of polling that knows about the other processes of the service."""

    async def run(self, work: Work) -> None:
        """Run `work`, which connects and polls, when this process may poll. Whatever it raises is raised."""

    async def open_stream(self, transmitter: TransmitterClient) -> Stream:
        """The stream to poll. Raises TransmitterUnavailable."""

    def may_wait(self) -> bool:
        """Whether the next poll may wait for events."""

    async def note_answer(self, polls: StreamPolls) -> None:
        """Note that the transmitter has answered, and that the events of the answer are taken."""


class SharedTurn:
    """The turn of a process that shares stream and store with others: the one that has the poll lease polls.

    `look` is awaited when everything has been received that was there, so that this process knows it too.
    """

    def __init__(
        self,
        store: ReceiverStore,
        lease: PollLease,
        *,
        look: Callable[[], Awaitable[None]],
        clock: Clock,
        further_types: Sequence[str],
    ) -> None:
        self._store = store
        self._lease = lease
        self._look = look
        self._clock = clock
        self._further_types = further_types
        self._clean_up_at = clock.now()
        self.caught_up = asyncio.Event()
        """Set when a start has nothing more to wait for: this process knows of everything that was there, or has failed
        to receive it, or another process is receiving."""

    async def run(self, work: Work) -> None:
        try:
            # What another process receives is in the table, and every process is notified of it.
            await self._lease.hold(lambda: self._clean_up_beside(work), on_other_holder=self.caught_up.set)
        finally:
            self.caught_up.set()

    async def open_stream(self, transmitter: TransmitterClient) -> Stream:
        return await transmitter.find_or_create_stream(self._further_types)

    def may_wait(self) -> bool:
        return True

    async def note_answer(self, polls: StreamPolls) -> None:
        await self._store.note_contact(
            polls.clock_offset,
            age_seconds=seconds_since_boot() - polls.as_of,
            has_more=polls.has_more,
            left_nothing=polls.left_nothing,
        )
        if not polls.has_more and not self.caught_up.is_set():
            await self._look()
            self.caught_up.set()

    async def _clean_up_beside(self, work: Work) -> None:
        # Each of them alone, so that neither is held up by the other.
        clean_up = repeat(self._clean_up, lambda: CLEAN_UP_CHECK_SECONDS, logger, name="deleting what has expired")
        await run_until_first(work(), clean_up)

    async def _clean_up(self) -> None:
        now = self._clock.now()
        while now >= self._clean_up_at:
            if not await self._store.delete_expired(now):
                self._clean_up_at = now + CLEAN_UP_EVERY


class ProcessTurn:
    """The turn of a process with a stream of its own: it may always poll. `on_answer` is called after each answer that
    leaves nothing to ask for."""

    def __init__(self, lease: ContactLease, stream: ProcessStream, on_answer: Callable[[StreamPolls], None]) -> None:
        self._lease = lease
        self._stream = stream
        self._on_answer = on_answer
        self._has_more = False
        self.caught_up = asyncio.Event()
        """Set when a start has nothing more to wait for: the replay is whole, or the first attempt has failed."""

    async def run(self, work: Work) -> None:
        self._lease.note_attempt()
        try:
            await work()
        except StreamGone:
            self._stream.note_gone()
            self._lease.forget_stream()
            raise
        except Exception:
            self._lease.note_failure()
            self.caught_up.set()
            raise

    async def open_stream(self, transmitter: TransmitterClient) -> Stream:
        return await self._stream.open(transmitter)

    def may_wait(self) -> bool:
        # A poll that may not wait also brings what is taken and not acknowledged, so there might be more every time.
        return self._has_more or not self._lease.needs_answer_now()

    async def note_answer(self, polls: StreamPolls) -> None:
        self._has_more = polls.has_more
        # Until the replay is taken, all of it, this process does not know whom to refuse.
        is_last = not polls.has_more if self._lease.has_caught_up else polls.left_nothing
        self._lease.note_answer(polls.asked_at, is_last=is_last)
        if not polls.has_more:
            self._on_answer(polls)
        if is_last:
            self.caught_up.set()
