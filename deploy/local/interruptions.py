"""Ctrl-C and other requests to stop, acted upon at chosen moments only.

None of them comes between starting a process and keeping a reference to it.
"""

import signal
import time
from types import FrameType, TracebackType
from typing import Any, Self


class Interrupted(Exception):
    """A signal asked this program to stop."""


class Interruptions:
    """Count SIGINT, SIGTERM and SIGHUP in a `with` block; `pause` and `check` raise Interrupted after one."""

    def __init__(self) -> None:
        self._count = 0
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup ignores SIGHUP, and that must remain so.
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                self._previous[number] = signal.signal(number, self._count_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def pause(self, seconds: float) -> None:
        """Sleep. Raises Interrupted if a signal has arrived before or meanwhile."""
        self.check()
        time.sleep(seconds)
        self.check()

    def check(self) -> None:
        """Raise Interrupted if a signal has arrived."""
        if self._count:
            raise Interrupted

    def is_repeated(self) -> bool:
        """Return whether a second signal has arrived: everything must stop at once."""
        return self._count > 1

    def _count_signal(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
