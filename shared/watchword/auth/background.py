"""What starts and stops with an app: keys that are fetched, a receiver that polls."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Protocol, runtime_checkable
from weakref import WeakSet, WeakValueDictionary


@runtime_checkable
class Background(Protocol):
    """Something that works in the background while an app runs."""

    async def start(self) -> None:
        """Begin. Returns when the first request may come."""

    async def stop(self) -> None:
        """End what `start` began, also if it began only in part or not at all."""


@asynccontextmanager
async def running(part: object) -> AsyncIterator[None]:
    """Start `part` and stop it at the end of the block. Does nothing with an object that is not a `Background`."""
    if not isinstance(part, Background):
        yield
        return
    try:
        await part.start()
        yield
    finally:
        await part.stop()


class Runner:
    """Starts and stops one part, and knows whether it runs. A guard refuses requests while it does not."""

    def __init__(self, part: object) -> None:
        self._part = part
        self._is_taken = False
        self._started_at: float | None = None
        # An attribute, not a property: every guarded request reads it.
        self.is_ready = not isinstance(part, Background)
        """Whether the part runs, or has nothing to start."""

    def running_seconds(self) -> float:
        """How long the part has been running; 0 if it does not run."""
        return 0.0 if self._started_at is None else time.monotonic() - self._started_at

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Run the part during the block. A block that begins during another one's, that of a second app, leaves it to
        that one: if the other ends first, the part has stopped, and is not ready."""
        if self._is_taken:
            yield
            return
        self._is_taken = True
        try:
            async with running(self._part):
                was_ready, self.is_ready = self.is_ready, True
                self._started_at = time.monotonic()
                try:
                    yield
                finally:
                    self._started_at, self.is_ready = None, was_ready
        finally:
            self._is_taken = False


# By identity, since a part of somebody else's need not be hashable. A runner keeps its part, so no id is used again.
_runners: "WeakValueDictionary[int, Runner]" = WeakValueDictionary()


def runner_of(part: object) -> Runner:
    """The one runner of this part, which several verifiers may share."""
    return _runners.setdefault(id(part), Runner(part))


_unowned: "WeakSet[Background]" = WeakSet()


def expect_owner(part: Background) -> None:
    """Note a part that does nothing until it is started, usually by the app whose verifier has it."""
    _unowned.add(part)


def own(part: object) -> None:
    """Note that this part will be started, or has been."""
    for unowned in list(_unowned):
        if unowned is part:
            _unowned.discard(unowned)


def take_unowned() -> Iterator[Background]:
    """Every part that nothing will start, each only once."""
    while _unowned:
        yield _unowned.pop()
