"""Another process of identity, whose clock is four seconds ahead."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from deploy.local.processes import end_children, start_child
from tests.support.person import Person
from tests.support.ports import held_port
from tests.support.services import PASSWORD
from tests.support.stack import Stack, await_answer

AHEAD_SECONDS = 4
SERVE = f"""
import runpy, sys
from datetime import UTC, datetime, timedelta
from watchword.clock import SystemClock
SystemClock.now = lambda self: datetime.now(UTC) + timedelta(seconds={AHEAD_SECONDS})
sys.argv = ["identity_service", "serve"]
runpy.run_module("identity_service", run_name="__main__", alter_sys=True)
"""


@dataclass
class ReplicaAhead:
    """Another process of identity; posts is the same."""

    identity: str
    posts: str


@contextmanager
def ahead_of(running: Stack) -> Iterator[ReplicaAhead]:
    """A process of the same identity service with such a clock, for as long as the block lasts."""
    with held_port() as port:
        environment = {**running.environment, "IDENTITY_PORT": str(port), "IDENTITY_WORKERS": "1"}
        child = start_child(
            "identity", [sys.executable, "-c", SERVE], running.home / "ahead.log", environment=environment
        )
        try:
            await_answer(child, f"http://127.0.0.1:{port}/readyz")
            yield ReplicaAhead(f"http://127.0.0.1:{port}", running.posts)
        finally:
            end_children([child])


class PersonAtReplica(Person):
    """A person whose requests go to this process of identity, which has the URL of the issuer in its tokens."""

    issuer = ""

    async def sign_in(self) -> "Person":
        password = {"grant_type": "password", "username": self.username, "password": PASSWORD}
        return await self._get_both(await self._tokens(**password, resource=self.issuer))
