"""Requests that need the same client at the same moment share one reading, and none gets what was read before it."""

import asyncio

import pytest

from identity_service.clients.joint_reads import JointReads
from identity_service.clients.service import Clients
from identity_service.clients.uses import ClientUses
from tests.support.databases import Databases
from tests.support.services import POSTS_SECRET, Identity
from tests.support.waiting import until
from watchword.clock import SystemClock
from watchword.database import Database


class Readings:
    """Readings that end when the test lets them; each has begun with the value of that moment."""

    def __init__(self) -> None:
        self.value = 0
        self.keys: list[str] = []
        self.may_end = asyncio.Event()
        self.joint = JointReads(self._read)

    async def _read(self, key: str) -> int:
        self.keys.append(key)
        value = self.value
        await self.may_end.wait()
        if value < 0:
            raise LookupError(key)
        return value

    def call(self, key: str = "web") -> "asyncio.Task[int]":
        return asyncio.create_task(self.joint.get(key))

    async def until_begun(self, count: int) -> None:
        await until(lambda: len(self.keys) >= count)


async def test_callers_of_one_moment_share_a_reading() -> None:
    readings = Readings()
    calls = [readings.call() for _ in range(10)]
    readings.may_end.set()
    assert await asyncio.gather(*calls) == [0] * 10
    assert readings.keys == ["web"]


async def test_caller_does_not_join_a_reading_that_has_begun() -> None:
    readings = Readings()
    early = readings.call()
    await readings.until_begun(1)
    readings.value = 1
    late = readings.call()
    await readings.until_begun(2)
    readings.may_end.set()
    assert (await early, await late) == (0, 1)


async def test_each_key_is_read_for_itself() -> None:
    readings = Readings()
    readings.may_end.set()
    await asyncio.gather(readings.call("web"), readings.call("posts"))
    assert readings.keys == ["web", "posts"]


@pytest.mark.parametrize("cancelled", [0, 1, 2])
async def test_cancelled_caller_takes_nothing_from_the_others(cancelled: int) -> None:
    readings = Readings()
    calls = [readings.call() for _ in range(3)]
    await readings.until_begun(1)
    calls[cancelled].cancel()
    readings.may_end.set()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(results.pop(cancelled), asyncio.CancelledError)
    assert results == [0, 0]


async def test_all_callers_get_the_error_of_a_reading_and_the_next_one_reads_again() -> None:
    readings = Readings()
    readings.may_end.set()
    readings.value = -1
    results = await asyncio.gather(*(readings.call() for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [LookupError] * 3
    readings.value = 1
    assert await readings.call() == 1


@pytest.mark.parametrize("has_begun", [False, True])
async def test_nobody_waits_on_when_the_event_loop_cancels_the_reading(has_begun: bool) -> None:
    readings = Readings()
    before = asyncio.all_tasks()
    call = readings.call()
    # The call begins, and the reading is about to.
    await asyncio.sleep(0)
    if has_begun:
        await readings.until_begun(1)
    (reading,) = asyncio.all_tasks() - before - {call}
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert len(readings.keys) == has_begun
    readings.may_end.set()
    assert await readings.call() == 0


@pytest.mark.usefixtures("identity")
async def test_a_client_is_read_once_for_those_who_need_it_at_the_same_moment(databases: Databases) -> None:
    # The service's own pool is also that of its background work.
    database = Database(databases.url("identity_app"))
    clients = Clients(database, ClientUses(database, SystemClock()))
    calls = [asyncio.create_task(clients.find("posts")) for _ in range(5)]
    while not database.reads.use().in_use:
        await asyncio.sleep(0)
    assert database.reads.use().in_use == 1
    assert {client.id for client in await asyncio.gather(*calls) if client is not None} == {"posts"}
    await database.close()


async def test_each_request_of_one_moment_is_authenticated_by_its_own_secret(identity: Identity) -> None:
    form = {"grant_type": "client_credentials", "client_id": "posts"}
    secrets = [POSTS_SECRET, "wrong", ""] * 4
    answers = await asyncio.gather(*(identity.token(**form, client_secret=secret) for secret in secrets))
    assert [answer.status_code for answer in answers] == [200, 401, 401] * 4
