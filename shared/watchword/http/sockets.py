"""The refusal of a WebSocket: a problem document while its handshake is not answered, a close code after that."""

from typing import Final

from starlette.types import ASGIApp, Scope
from starlette.websockets import WebSocket, WebSocketClose, WebSocketState

from watchword.errors import AppError
from watchword.http.problem_documents import status_of
from watchword.http.problem_responses import log_refusal, problem

# The codes from 4000 on are the application's (RFC 6455 section 7.4.2): 4401 is what 401 is to a request.
CLOSE_CODES: Final = 4000

_DENIAL: Final = "websocket.http.response"
_POLICY: Final = 1008


def denial(scope: Scope, error: AppError) -> ASGIApp:
    """The answer to a handshake that is refused. A server without the extension for answers of the app's own can only
    close, which clients see as 403."""
    if _DENIAL in (scope.get("extensions") or {}):
        return problem(error)
    log_refusal(403, error.code, error.reason or error.detail)
    return WebSocketClose(_POLICY, error.code)


async def refuse(socket: WebSocket, error: AppError) -> None:
    """Close an open WebSocket, or refuse its handshake."""
    if socket.application_state is WebSocketState.CONNECTING:
        await denial(socket.scope, error)(socket.scope, socket.receive, socket.send)
        return
    status = status_of(error)
    log_refusal(status, error.code, error.reason or error.detail)
    if socket.application_state is WebSocketState.CONNECTED:
        await socket.close(CLOSE_CODES + status, error.code)
