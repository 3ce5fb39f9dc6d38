"""A clock that counts from the start of the machine."""


class BootClock:
    """The time since boot, put forward by a test as if the process had stood still for so long."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds
