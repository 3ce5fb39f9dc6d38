"""The polls of one stream over one connection."""

import time
from collections.abc import Callable
from typing import Final

from watchword.clock import Clock, seconds_since_boot
from watchword.events.errors import AnswerTimedOut, TransmitterUnavailable
from watchword.events.intake import Intake
from watchword.events.poll_pace import PollPace
from watchword.events.security_event import EventReader
from watchword.events.transmitter_client import Delivery, Receipt, Stream, TransmitterClient
from watchword.observability.logs import new_request_id, request_id

EVENTS_PER_POLL: Final = 100
MAX_EVENTS_PER_POLL: Final = 400

HELD_SECONDS: Final = 1.0
"""How long the transmitter holds a poll at most for which it has no event."""

LEFTOVERS_PAUSE_SECONDS: Final = 0.5
"""The pause before events are asked for again that could not be read or committed."""

ENDED_EARLY_SECONDS: Final = 0.9
"""An empty answer to a poll that may wait, and that came before this, is that of a poll which another one has ended."""


class StreamPolls:
    """Asks for events and has them taken. It asks for as many more as are unacknowledged, since those may come again in
    the place of others.

    `is_stopped` says whether the stream is disabled or paused, so that no event comes.
    """

    def __init__(
        self,
        transmitter: TransmitterClient,
        stream: Stream,
        reader: EventReader,
        intake: Intake,
        pace: PollPace,
        *,
        clock: Clock,
        count_unacknowledged: Callable[[], int],
        is_stopped: Callable[[], bool],
    ) -> None:
        self._transmitter = transmitter
        self._stream = stream
        self._reader = reader
        self._intake = intake
        self._pace = pace
        self._clock = clock
        self._count_unacknowledged = count_unacknowledged
        self._is_stopped = is_stopped
        # The first answer is wanted at once, since it shows that the transmitter is there, and brings everything that
        # is not acknowledged.
        self._wants_all = True
        self.has_more = True
        self.clock_offset: float | None = None
        """How many seconds the transmitter's clock was ahead of ours at its last answer, if it says what time it is."""
        self.asked_at = 0.0
        """The time since boot at which the last poll was sent that was answered."""
        self.as_of = 0.0
        """The time since boot of which its answer tells what the transmitter had to say by then."""
        self.pause_seconds = 0.0
        """How long to wait before the next poll."""

    async def poll(self, *, may_wait: bool) -> None:
        """Ask for events, and have those of the answer taken."""
        request_id.set(new_request_id())
        wait = may_wait and self._pace.may_wait and not self._wants_all
        polled_at, since_boot = time.monotonic(), seconds_since_boot()
        delivery = await self._ask(wait=wait)
        seconds = time.monotonic() - polled_at
        held = min(seconds_since_boot() - since_boot, HELD_SECONDS) if wait and not delivery.tokens else 0.0
        self.asked_at, self.as_of = since_boot, since_boot + held
        self.has_more, self.clock_offset = delivery.has_more, self._offset(delivery)
        intake_result = await self._intake.take(self._reader, delivery.tokens, polled_at)
        # The other poll may have been given what this one would have brought, and who sent it need not be one of us.
        was_ended = wait and not delivery.tokens and seconds < ENDED_EARLY_SECONDS
        self._wants_all = intake_result.has_leftovers or was_ended
        # `has_more` is no news: a transmitter may always say so.
        self.pause_seconds = self._pace.pause_after(
            seconds, waited=wait, is_empty=not delivery.tokens, has_news=intake_result.has_news
        )
        if intake_result.has_leftovers:
            self.pause_seconds = max(self.pause_seconds, LEFTOVERS_PAUSE_SECONDS)

    @property
    def left_nothing(self) -> bool:
        """Whether the last answer left nothing behind: neither at the transmitter nor, untaken, here."""
        return not self.has_more and not self._wants_all and not self._is_stopped()

    def _offset(self, delivery: Delivery) -> float | None:
        return None if delivery.sent_at is None else delivery.sent_at - self._clock.now().timestamp()

    async def _ask(self, *, wait: bool) -> Delivery:
        limit = min(EVENTS_PER_POLL + self._count_unacknowledged(), MAX_EVENTS_PER_POLL)
        try:
            return await self._transmitter.poll(self._stream.url, Receipt(), max_events=limit, wait=wait)
        except AnswerTimedOut:
            if wait:
                self._pace.note_wait_timed_out()
            else:
                self._pace.note_failure()
            raise
        except TransmitterUnavailable:
            self._pace.note_failure()
            raise
