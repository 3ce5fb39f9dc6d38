"""Ctrl-C and its kin, obeyed at chosen moments: none falls between starting a process and knowing of it."""

import signal
import time
from types import FrameType, TracebackType
from typing import Any, Self


class Interrupted(Exception):
    """Somebody wants everything to end."""


class Interruptions:
    """Notes SIGINT, SIGTERM and SIGHUP while entered, and lets `pause` speak of them."""

    def __init__(self) -> None:
        self._count = 0
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Under nohup the end of the terminal is to be ignored.
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def pause(self, seconds: float) -> None:
        """Sleeps; raises Interrupted before or after it once a signal has come."""
        self.check()
        time.sleep(seconds)
        self.check()

    def check(self) -> None:
        """Raises Interrupted once a signal has come."""
        if self._count:
            raise Interrupted

    def hurried(self) -> bool:
        """Whether they had to ask twice."""
        return self._count > 1

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
