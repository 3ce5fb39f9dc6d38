"""The clock, as an object that a test can replace, and the time since the machine started."""

import time
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


def seconds_since_boot() -> float:
    """What leases are counted by: it never jumps, and goes on while this process or its machine stands still."""
    return time.clock_gettime(_SINCE_BOOT)
