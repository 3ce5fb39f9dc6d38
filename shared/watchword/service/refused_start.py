"""A refusal to start is logged as its reason alone: the code is not at fault, and a traceback would bury the reason."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchword.errors import AppError
from watchword.lines import one_line

# It may say what to run, which must not be cut off.
MAX_REASON_CHARACTERS: Final = 2_000


async def run_lifespan(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Start and stop the app. If an AppError keeps it from starting, the server is told the error's reason instead of
    Starlette's traceback; any other error is told whole."""
    failure: Message | None = None
    reason: str | None = None

    async def keep_failure(message: Message) -> None:
        nonlocal failure
        if message["type"] == "lifespan.startup.failed":
            failure = message
        else:
            await send(message)

    try:
        await app(scope, receive, keep_failure)
    except AppError as error:
        reason = one_line(str(error), MAX_REASON_CHARACTERS)
        raise
    finally:
        if failure is not None:
            await send(failure if reason is None else {**failure, "message": reason})
