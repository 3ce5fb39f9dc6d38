"""When the next poll is sent, and whether the transmitter may hold it."""

import logging
import time
from typing import Final

logger = logging.getLogger("watchword.events")

WAITS_TRIED: Final = 3
"""How many polls in a row a transmitter must hold for too long before it is polled each second instead."""

WITHOUT_WAITS_SECONDS: Final = 600.0
"""After which it is tried again whether the transmitter answers a poll in time that it may hold."""

POLL_EVERY_SECONDS: Final = 1.0
AT_ONCE_SECONDS: Final = 0.2
IDLE_PAUSE_SECONDS: Final = 0.5


class PollPace:
    """Learns from the polls of one transmitter, over all connections to it."""

    def __init__(self) -> None:
        self._waits_timed_out = 0
        self._waits_again_at = 0.0
        self._was_idle = False

    @property
    def may_wait(self) -> bool:
        """Whether the transmitter answers a poll that it may hold before the poll is given up."""
        return time.monotonic() >= self._waits_again_at

    def note_wait_timed_out(self) -> None:
        """A poll that the transmitter may hold was not answered in time."""
        self._waits_timed_out += 1
        if self._waits_timed_out >= WAITS_TRIED:
            self._waits_timed_out, self._waits_again_at = 0, time.monotonic() + WITHOUT_WAITS_SECONDS
            logger.warning("the transmitter holds polls for longer than a second, so it is polled each second instead")

    def note_failure(self) -> None:
        """Another request failed, so a poll that was not answered says nothing about how long polls are held."""
        self._waits_timed_out = 0

    def pause_after(self, seconds: float, *, waited: bool, is_empty: bool, has_news: bool) -> float:
        """How long to wait after an answer that took so many `seconds`, so that nothing spins.

        Two processes that poll one stream end each other's polls. A transmitter may send unacknowledged events again:
        once at once is usual; a second time in a row is followed by a pause.
        """
        if waited:
            self._waits_timed_out = 0
        elif not self.may_wait and not has_news:
            return POLL_EVERY_SECONDS
        was_idle, self._was_idle = self._was_idle, waited and not has_news and seconds < AT_ONCE_SECONDS
        return IDLE_PAUSE_SECONDS if self._was_idle and (is_empty or was_idle) else 0.0
