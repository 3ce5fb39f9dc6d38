"""The layer of an app that ends streaming answers and WebSockets with the token of their caller.

A request costs it one object and a look at the head of its answer. Only what goes on after that, and has passed a
guard, becomes an open connection: it is checked before each part, and at its end its task is cancelled.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from watchword.auth.credentials import hide_offered_tokens
from watchword.auth.exchanges import Exchange, HttpExchange, SocketExchange
from watchword.auth.open_connection import Caller, EndReason
from watchword.auth.open_connections import OpenConnections
from watchword.http.shortcut import PassableLayer
from watchword.lines import MAX_CHARACTERS, one_line

logger = logging.getLogger("watchword.refusals")

FINISH_SECONDS: Final = 10
"""How long sending the last message to a client that does not read may take."""


# Where the scope of a request has the connections of the layer that it has reached, with the list of callers whom
# guards have let pass since; and where it has those who passed before, each with the connections of their verifier.
_CALLERS: Final = "watchword.callers"
_CALLERS_OUTSIDE: Final = "watchword.callers_outside"


def note_caller(scope: Scope, connections: OpenConnections, caller: Caller) -> None:
    """Note that a guard has let this caller pass, for the layer with the connections of its verifier.

    That layer may be further inside, if a middleware has asked the guard; the app may be mounted under another one,
    whose layer has another verifier.
    """
    layer: tuple[OpenConnections, list[Caller]] | None = scope.get(_CALLERS)
    if layer is not None and layer[0] is connections:
        layer[1].append(caller)
    else:
        scope.setdefault(_CALLERS_OUTSIDE, []).append((connections, caller))


class ConnectionLayer(PassableLayer):
    """Ends streaming answers and WebSockets that a guard has let pass, and leaves everything else alone."""

    def __init__(self, served: ASGIApp, connections: OpenConnections) -> None:
        self._served = served
        self._connections = connections

    @property
    def served(self) -> ASGIApp:
        return self._served

    def leaves_alone(self, scope: Scope) -> bool:
        # If another app with the same verifier has mounted this one, its layer would otherwise note the callers.
        return _CALLERS not in scope

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange
        if scope["type"] == "http":
            exchange = HttpExchange(self._connections, receive, send)
        elif scope["type"] == "websocket":
            hide_offered_tokens(scope)
            exchange = SocketExchange(self._connections, receive, send, scope["subprotocols"])
        else:
            await self._served(scope, receive, send)
            return
        # The list alone: an exchange in its own scope would be garbage in a cycle after each request.
        scope[_CALLERS] = self._connections, exchange.callers
        for connections, caller in scope.pop(_CALLERS_OUTSIDE, ()):
            if connections is self._connections:
                exchange.callers.append(caller)
        try:
            await self._served(scope, exchange.receive, exchange.send)
        except BaseException as error:
            if exchange.end_reason is None or not _is_consequence(error):
                raise
        finally:
            exchange.close()
        if exchange.end_reason is not None:
            await _end(exchange, exchange.end_reason, scope)


async def _end(exchange: Exchange, end_reason: EndReason, scope: Scope) -> None:
    """Send what comes last, after everything inside has stopped."""
    await _absorb_cancellation()
    fields = {"reason": str(end_reason), "path": scope["path"][:MAX_CHARACTERS]}
    logger.info("open connection ended: %s: %s", one_line(scope["path"]), end_reason, extra=fields)
    # The client may have gone, or may read nothing. A TimeoutError is an OSError.
    with suppress(OSError):
        async with asyncio.timeout(FINISH_SECONDS):
            await exchange.finish(end_reason, scope)


async def _absorb_cancellation() -> None:
    """Undo the cancellation of this task by the end of its connection. Raises CancelledError if there is another."""
    with suppress(asyncio.CancelledError):
        # It may not have been delivered, if the app has returned at the same moment.
        await asyncio.sleep(0)
    task = asyncio.current_task()
    if task is not None and task.uncancel() > 0:
        raise asyncio.CancelledError


def _is_consequence(error: BaseException) -> bool:
    """Whether an app raises this because its connection has ended."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_consequence, error.exceptions))
    return isinstance(error, asyncio.CancelledError | OSError | ClientDisconnect | WebSocketDisconnect)
