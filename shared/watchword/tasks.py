"""Background work: repeating it, and stopping it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from watchword.errors import Unavailable

CANCEL_AGAIN_SECONDS: Final = 1.0


async def repeat(work: Callable[[], Awaitable[object]], pause: Callable[[], float], logger: logging.Logger) -> None:
    """Call `work` again and again until the task is cancelled, `pause()` seconds after each call.

    An error is logged and does not end the repetition: Unavailable as a warning, anything else with its traceback.
    """
    name = getattr(work, "__qualname__", repr(work))
    while True:
        try:
            await work()
        except Unavailable as error:
            logger.warning("background work failed", extra={"work": name, "reason": error.reason})
        except Exception:
            logger.exception("background work failed", extra={"work": name})
        await asyncio.sleep(pause())


async def cancel_and_wait(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel the tasks and return when every one has ended.

    A library that is cleaning up can swallow a cancellation, so each is repeated every second until the task ends.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_SECONDS)
