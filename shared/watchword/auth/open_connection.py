"""One open connection, and why it has ended."""

import asyncio
from enum import StrEnum

from starlette.requests import ClientDisconnect

from watchword.auth.principal import Principal


class EndReason(StrEnum):
    """Why a connection has ended."""

    REVOKED = "the token is revoked"
    UNSIGNED = "the key that signed the token is gone"
    EXPIRED = "the token has expired"
    UNCHECKED = "whether the token is revoked cannot be learned"
    STOPPED = "the service stops"


class ConnectionEnded(OSError, ClientDisconnect):
    """Something was sent on a connection after its end. Servers raise an OSError for a client that has gone (ASGI), and
    to Starlette that is a ClientDisconnect."""


class OpenConnection:
    """One streaming answer or WebSocket. At its end `end_reason` says why, and the task that serves it is cancelled."""

    __slots__ = ("_task", "end_reason", "principal")

    def __init__(self, principal: Principal, task: "asyncio.Task[object]") -> None:
        self.principal = principal
        self.end_reason: EndReason | None = None
        self._task = task

    def end(self, end_reason: EndReason) -> None:
        if self.end_reason is None:
            self.end_reason = end_reason
            self._task.cancel(end_reason)
