"""One open connection, and why it has ended."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import TypeAlias

from starlette.requests import ClientDisconnect

from watchword.auth.assurance import strongest
from watchword.auth.principal import Principal

Caller: TypeAlias = tuple[Principal, str | None]
"""A principal that has passed a guard, and the `acr` that this guard requires, if any."""


class EndReason(StrEnum):
    """Why a connection has ended."""

    REVOKED = "the token is revoked"
    LOWERED = "the sign-in of the token counts as too weak now"
    UNSIGNED = "the key that signed the token is gone"
    EXPIRED = "the token has expired"
    UNCHECKED = "whether the token is revoked cannot be learned"
    STOPPED = "the service stops"


class ConnectionEnded(OSError, ClientDisconnect):
    """Something was sent on a connection after its end. Servers raise an OSError for a client that has gone (ASGI), and
    to Starlette that is a ClientDisconnect."""


class OpenConnection:
    """One streaming answer or WebSocket. At its end `end_reason` says why, and the task that serves it is cancelled.

    `callers` is at least one, and the same principal each time. Guards that are asked later add to it.
    """

    __slots__ = ("_callers", "_task", "end_reason", "principal")

    def __init__(self, callers: Sequence[Caller], task: "asyncio.Task[object]") -> None:
        self.principal, _ = callers[0]
        self.end_reason: EndReason | None = None
        self._callers = callers
        self._task = task

    def required_acr(self) -> str | None:
        """The strongest `acr` that its guards require; None if none of them requires one."""
        return strongest(acr for _, acr in self._callers if acr is not None)

    def end(self, end_reason: EndReason) -> None:
        if self.end_reason is None:
            self.end_reason = end_reason
            self._task.cancel(end_reason)
