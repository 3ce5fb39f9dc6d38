"""Two replicas of identity behind one receiver: one stands still, and the other goes on where it was."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest

from deploy.local.processes import ChildProcess, end_children, start_child
from tests.identity.answers import claims_of
from tests.support.person import Person
from tests.support.ports import held_port
from tests.support.services import bearer, unique
from tests.support.stack import Stack, await_answer
from tests.support.waiting import until

POLL_TIMEOUT_SECONDS = 2.0


class IdentityReplica:
    """One more process of identity."""

    def __init__(self, url: str, child: ChildProcess) -> None:
        self.url = url
        self._pid = child.process.pid

    def freeze(self) -> None:
        os.killpg(self._pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.killpg(self._pid, signal.SIGCONT)


@pytest.fixture
async def replica(own_stack: Stack) -> AsyncIterator[IdentityReplica]:
    async with one_more(own_stack) as replica:
        yield replica


@asynccontextmanager
async def one_more(stack: Stack) -> AsyncIterator[IdentityReplica]:
    with held_port() as port:
        log = stack.home / f"identity-{port}.log"
        environment = {**stack.environment, "IDENTITY_PORT": str(port)}
        command = [sys.executable, "-m", "identity_service", "serve"]
        child = start_child("identity", command, log, environment=environment)
        replica = IdentityReplica(f"http://localhost:{port}", child)
        try:
            await asyncio.to_thread(await_answer, child, f"{replica.url}/readyz")
            yield replica
        finally:
            replica.thaw()
            await asyncio.to_thread(end_children, [child])


class Process:
    """A process of the service posts with a stream of its own, which it polls at whichever replica."""

    def __init__(self, http: httpx.AsyncClient, headers: dict[str, str], stream_id: str) -> None:
        self._http = http
        self._headers = headers
        self._stream_id = stream_id
        self.answers = 0

    @classmethod
    async def begin(cls, http: httpx.AsyncClient, stack: Stack) -> "Process":
        secret = stack.environment["POSTS_CLIENT_SECRET"]
        form = {"grant_type": "client_credentials", "client_id": "posts", "client_secret": secret}
        headers = bearer((await http.post(f"{stack.identity}/oauth/token", data=form)).json()["access_token"])
        body = {"inactivity_timeout": 60}
        created = await http.post(f"{stack.identity}/ssf/streams", json=body, headers=headers)
        assert created.status_code == 201, created.text
        return cls(http, headers, created.json()["stream_id"])

    async def poll(self, url: str, **members: Any) -> list[str]:
        """The sessions whose end the answer tells."""
        url = f"{url}/ssf/streams/{self._stream_id}/poll"
        answer = await self._http.post(url, json=members, headers=self._headers, timeout=POLL_TIMEOUT_SECONDS)
        assert answer.status_code == 200, answer.text
        subjects = [claims_of(token)["sub_id"] for token in answer.json()["sets"].values()]
        return [subject["session"]["id"] for subject in subjects if "session" in subject]

    async def is_waiting(self, stack: Stack) -> bool:
        """Whether one more poll has begun to wait than were answered: a replica that is frozen before that begins it
        when it wakes, and then it is the newest."""
        number = "SELECT waiting_poll FROM identity.streams WHERE id = $1"
        (row,) = await stack.databases.fetch("identity_app", number, UUID(self._stream_id))
        return 0 < self.answers < int(row["waiting_poll"])

    async def poll_forever(self, url: str) -> None:
        """Poll until an answer is overdue: the replica holds a poll, and stands still."""
        while True:
            await self.poll(url)
            self.answers += 1


async def test_poll_whose_replica_stands_still_is_answered_by_another(
    own_stack: Stack, http: httpx.AsyncClient, replica: IdentityReplica
) -> None:
    ada, process = await Person(http, own_stack, unique("ada")).register(), await Process.begin(http, own_stack)
    polling = asyncio.create_task(process.poll_forever(replica.url))
    await until(lambda: process.is_waiting(own_stack))
    replica.freeze()
    await ada.sign_out()
    with pytest.raises(httpx.TimeoutException):
        await polling
    assert claims_of(ada.identity_token)["sid"] in await process.poll(own_stack.identity, returnImmediately=True)


async def test_replica_that_wakes_takes_no_event_from_the_poll_that_is_newer(
    own_stack: Stack, http: httpx.AsyncClient, replica: IdentityReplica
) -> None:
    ada, process = await Person(http, own_stack, unique("ada")).register(), await Process.begin(http, own_stack)
    polling = asyncio.create_task(process.poll_forever(replica.url))
    await until(lambda: process.is_waiting(own_stack))
    replica.freeze()
    with pytest.raises(httpx.TimeoutException):
        await polling
    await process.poll(own_stack.identity)
    await ada.sign_out()
    replica.thaw()
    # The replica that has woken answers what it was asked before, so it is up to date once it answers this.
    assert (await http.get(f"{replica.url}/readyz")).status_code == 200
    # Nobody has marked the event as sent, so a poll that waits brings it at once.
    assert await process.poll(own_stack.identity) == [claims_of(ada.identity_token)["sid"]]
