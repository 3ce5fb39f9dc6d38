"""LISTEN/NOTIFY: waking and informing every process that listens, through PostgreSQL and nothing else."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from watchword.database.connections import dedicated_connection
from watchword.tasks import repeat, wait_for

logger = logging.getLogger("watchword.notifications")

RECONNECT_SECONDS: Final = 0.2
CHECK_SECONDS: Final = 1.0
CHECK_TIMEOUT_SECONDS: Final = 1.0
"""A connection whose other end has gone without closing it is noticed within the sum of the two."""

OnNotification = Callable[[str], None]
"""Called with the payload of each notification; must not block."""


class Listener:
    """Keeps one connection that listens to one channel, and to `other_channels`, each with what it calls.

    Notifications that are sent while there is no connection are lost. So `catch_up` is awaited after each connect, when
    listening has begun: it must read from the database what the lost ones would have said.
    """

    def __init__(
        self,
        dsn: str,
        channel: str,
        on_notification: OnNotification,
        catch_up: Callable[[], Awaitable[None]],
        other_channels: Mapping[str, OnNotification] | None = None,
    ) -> None:
        self._dsn = dsn
        self._channel = channel
        self._on_notification = {channel: on_notification, **(other_channels or {})}
        self._catch_up = catch_up

    async def run(self) -> None:
        """Listen until the task is cancelled, and connect again whenever the connection is lost."""
        await repeat(self._listen, lambda: RECONNECT_SECONDS, logger, name=f"listening to {self._channel}")

    async def _listen(self) -> None:
        async with dedicated_connection(self._dsn) as (connection, lost):
            for channel in self._on_notification:
                await connection.add_listener(channel, self._receive)
            await self._catch_up()
            while not lost.is_set():
                await wait_for(lost, CHECK_SECONDS)
                if not lost.is_set():
                    await connection.execute("SELECT 1", timeout=CHECK_TIMEOUT_SECONDS)

    def _receive(self, _: Any, __: int, channel: str, payload: Any) -> None:
        self._on_notification[channel](str(payload))
