"""One fault: what is broken, and the act that must be obeyed all the same."""

import os
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from tests.bench.fault_testbed import Probes, Testbed
from tests.support.person import Person

Act = Callable[[], Awaitable[float]]
"""Ends what the person has, and returns the moment from which is counted, as `time.monotonic` has it."""


def nothing_else() -> bool:
    return True


@dataclass(frozen=True)
class Trial:
    """A fault that is there now. `still` is the process that stands still, `since` when it began to; `is_done` says
    whether what else must happen has happened."""

    act: Act
    still: int | None = None
    since: float = 0.0
    is_done: Callable[[], bool] = nothing_else

    def wake(self) -> None:
        assert self.still is not None
        os.kill(self.still, signal.SIGCONT)


@dataclass(frozen=True)
class Case:
    """What one run of a fault has: the services, one probe for each of their processes, and a person whose token all of
    them accept."""

    testbed: Testbed
    probes: Probes
    ada: Person

    def sign_out(self, besides: int | None = None) -> Act:
        """The person signs out, at a process of identity that is not this one."""

        async def act() -> float:
            url = f"{self.testbed.stack.identity}/sessions/current"
            http = self.probes.identity_besides(besides)
            ended = await http.delete(url, headers=self.ada.identity_headers)
            assert ended.status_code == 204, ended.text
            return time.monotonic()

        return act


Fault = Callable[[Case], AbstractAsyncContextManager[Trial]]


async def any_person(testbed: Testbed) -> Person:
    return await testbed.person()


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    name: str
    fault: Fault
    person: Callable[[Testbed], Awaitable[Person]] = any_person
