"""Pauses that are noted and not waited for."""


class Pauses(list[float]):
    """The seconds that callers were to wait, in order; nobody waits."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)
