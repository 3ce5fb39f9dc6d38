"""Which process of a service polls: the one that has the lease, for as long as it renews it."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from watchword.errors import Unavailable
from watchword.events.store import PollLeaseLost, ReceiverStore
from watchword.lines import one_line
from watchword.tasks import run_until_first, wait_for

logger = logging.getLogger("watchword.events")

RENEW_EVERY_SECONDS: Final = 1.0
RETRY_SECONDS: Final = 0.2

PAUSE_SECONDS: Final = 0.01
"""How much later than the end of another's lease this process tries to take it, and the pause before it asks again when
it was notified: every role of the database can flood it with notifications."""


class PollLease:
    """The lease as one process sees it. `lacks_positions` says whether there are revocations without a position."""

    def __init__(self, store: ReceiverStore, lacks_positions: Callable[[], bool]) -> None:
        self._store = store
        self._lacks_positions = lacks_positions
        self._freed = asyncio.Event()

    def note_free(self) -> None:
        """Try to take the lease now: another process may have given it back."""
        self._freed.set()

    async def hold(
        self, work: Callable[[], Coroutine[Any, Any, object]], *, on_other_holder: Callable[[], None]
    ) -> None:
        """Wait until no other process has the lease, then run `work` until it ends, and give the lease back.

        `on_other_holder` is called each time that another process turns out to have it. Raises PollLeaseLost if this
        process loses it, Unavailable, and whatever `work` raises.
        """
        while not await self._try_to_take():
            on_other_holder()
        try:
            await run_until_first(work(), self._renew_until_lost())
        finally:
            await self._give_back()

    async def _try_to_take(self) -> bool:
        """Take the lease if it is free; else wait until it may be."""
        self._freed.clear()
        if (seconds := await self._store.seconds_until_free()) <= 0:
            return await self._store.take_poll_lease()
        await wait_for(self._freed, seconds)
        await asyncio.sleep(PAUSE_SECONDS)
        return False

    async def _renew_until_lost(self) -> None:
        while await self._renew():
            if self._lacks_positions():
                await self._store.assign_positions()
            await asyncio.sleep(RENEW_EVERY_SECONDS)
        raise PollLeaseLost("the lease has run out before it was renewed")

    async def _renew(self) -> bool:
        """Renew the lease. A store that does not answer is asked again, until it says whether the lease is lost."""
        while True:
            try:
                return await self._store.renew_poll_lease()
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)

    async def _give_back(self) -> None:
        try:
            await self._store.release_poll_lease()
        except Unavailable as error:
            # It runs out by itself.
            logger.info("the poll lease was not given back: %s", one_line(str(error)))
