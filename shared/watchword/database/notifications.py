"""LISTEN/NOTIFY: waking and telling every process that listens, through PostgreSQL and nothing else."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import asyncpg

logger = logging.getLogger("watchword.notifications")

RECONNECT_SECONDS: Final = 0.2
CHECK_SECONDS: Final = 5.0

OnNotification = Callable[[str], None]
"""Called with the payload of each notification; must not block."""


class Listener:
    """Keeps one connection that listens to one channel.

    What was said while there was no connection is gone: `caught_up` is awaited after each connecting, when listening
    has begun, and must look for itself at what there is.
    """

    def __init__(self, dsn: str, channel: str, told: OnNotification, caught_up: Callable[[], Awaitable[None]]) -> None:
        self._dsn = dsn
        self._channel = channel
        self._told = told
        self._caught_up = caught_up

    async def run(self) -> None:
        """Listen for as long as the task lives, connecting again whenever the connection is lost."""
        while True:
            try:
                await self._listen()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                logger.warning("not listening", extra={"channel": self._channel, "error": repr(error)})
            except Exception:
                logger.exception("listening failed", extra={"channel": self._channel})
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self) -> None:
        connection = await asyncpg.connect(self._dsn, timeout=3, command_timeout=5)
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        try:
            await connection.add_listener(self._channel, self._on_notification)
            await self._caught_up()
            while not ended.is_set():
                await wait_for(ended, CHECK_SECONDS)
                if not ended.is_set():
                    # A connection whose other end is gone without a word is found out here.
                    await connection.execute("SELECT 1")
        finally:
            connection.terminate()

    def _on_notification(self, _: Any, __: int, ___: str, payload: Any) -> None:
        self._told(str(payload))


class Doorbell:
    """Rung by a notification; whoever waits is woken, and none waits longer than it wants to."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self.closed = False

    def ring(self, _: str = "") -> None:
        """Wake everybody who waits now."""
        if not self.closed:
            self._rung.set()
            self._rung = asyncio.Event()

    def close(self) -> None:
        """Wake everybody, and let nobody wait any more."""
        self.closed = True
        self._rung.set()

    async def caught_up(self) -> None:
        self.ring()

    def next_ring(self) -> asyncio.Event:
        """What to wait for, taken before looking: what happens between looking and waiting is not missed."""
        return self._rung


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Returns when the event is set or the time is over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
