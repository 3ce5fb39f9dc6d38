"""The clock, as an object that a test can replace, and the time since the machine started."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

# Unlike the monotonic clock it goes on while the machine is suspended. Only Linux tells the two apart.
_SINCE_BOOT: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock(Protocol):
    def now(self) -> datetime:
        """The present time as an aware datetime in UTC."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


_SYSTEM_NOW: Final = SystemClock.now


def seconds_of(clock: Clock) -> Callable[[], float]:
    """The function that returns the present time of this clock, in seconds since 1970.

    For the system's clock it makes no datetime, which would take several times as long.
    """
    # A class that inherits from SystemClock may have a `now` of its own, and a test may replace that of SystemClock or
    # of one object.
    if getattr(clock.now, "__func__", None) is _SYSTEM_NOW:
        return _system_seconds
    return lambda: clock.now().timestamp()


def _system_seconds() -> float:
    return time.time()


def seconds_since_boot() -> float:
    """What leases are counted by: it never jumps, and goes on while this process or its machine stands still."""
    return time.clock_gettime(_SINCE_BOOT)
