"""LISTEN/NOTIFY: waking and informing every process that listens, through PostgreSQL and nothing else."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
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
    """Keeps one connection that listens to one channel, and to those that `further` names with what each calls.

    Notifications that are sent while there is no connection are lost. So `catch_up` is awaited after each connect, when
    listening has begun: it must read from the database what the lost ones would have said.
    """

    def __init__(
        self,
        dsn: str,
        channel: str,
        on_notification: OnNotification,
        catch_up: Callable[[], Awaitable[None]],
        further: Mapping[str, OnNotification] | None = None,
    ) -> None:
        self._dsn = dsn
        self._channel = channel
        self._on_notification = on_notification
        self._catch_up = catch_up
        self._further = further or {}

    async def run(self) -> None:
        """Listen until the task is cancelled, and connect again whenever the connection is lost."""
        await repeat(self._listen, lambda: RECONNECT_SECONDS, logger, name=f"listening to {self._channel}")

    async def _listen(self) -> None:
        async with dedicated_connection(self._dsn) as (connection, lost):
            await connection.add_listener(self._channel, self._receive)
            for channel, on_notification in self._further.items():
                await connection.add_listener(channel, partial(_pass_on, on_notification))
            await self._catch_up()
            while not lost.is_set():
                await wait_for(lost, CHECK_SECONDS)
                if not lost.is_set():
                    await connection.execute("SELECT 1", timeout=CHECK_TIMEOUT_SECONDS)

    def _receive(self, _: Any, __: int, ___: str, payload: Any) -> None:
        self._on_notification(str(payload))


def _pass_on(on_notification: OnNotification, _: Any, __: int, ___: str, payload: Any) -> None:
    on_notification(str(payload))
