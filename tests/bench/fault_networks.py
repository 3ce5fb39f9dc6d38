"""Faults of processes, networks and the database: one stands still, is cut off without a word, or begins again."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.bench.fault_testbed import IDENTITY_WORKERS, POSTS_WORKERS, Testbed
from tests.bench.fault_trial import Case, Trial
from tests.support.databases import LISTENING
from tests.support.processes import holder_and_others, own_ports, peer_ports, standing_still
from tests.support.waiting import PAUSE_SECONDS, until

LISTENERS = f"SELECT client_port FROM pg_stat_activity WHERE usename = $1 AND {LISTENING}"  # noqa: S608 - a constant
WORKERS = {"posts_app": POSTS_WORKERS, "identity_app": IDENTITY_WORKERS}


@asynccontextmanager
async def none(case: Case) -> AsyncIterator[Trial]:
    yield Trial(case.sign_out())


@asynccontextmanager
async def _frozen(case: Case, process: int) -> AsyncIterator[Trial]:
    with standing_still(process):
        yield Trial(case.sign_out(besides=process), still=process, since=time.monotonic())


@asynccontextmanager
async def polling_process_frozen(case: Case) -> AsyncIterator[Trial]:
    holder, _ = await holder_and_others(case.testbed.stack, POSTS_WORKERS)
    async with _frozen(case, holder) as trial:
        yield trial


@asynccontextmanager
async def other_process_frozen(case: Case) -> AsyncIterator[Trial]:
    _, others = await holder_and_others(case.testbed.stack, POSTS_WORKERS)
    async with _frozen(case, others[0]) as trial:
        yield trial


@asynccontextmanager
async def polled_process_frozen(case: Case) -> AsyncIterator[Trial]:
    async with _frozen(case, await _polled_process(case.testbed)) as trial:
        yield trial


async def _polled_process(testbed: Testbed) -> int:
    """The process of identity that holds the poll of posts: the one at the other end of the connection on which the
    process that polls has sent something last."""
    holder, _ = await holder_and_others(testbed.stack, POSTS_WORKERS)
    ports = own_ports(holder)
    last = max(
        (wire for wire in testbed.to_identity.wires() if wire.client_port in ports), key=lambda wire: wire.used_at
    )
    workers = await testbed.identity_workers()
    return next(worker for worker in workers if last.proxy_port in peer_ports(worker))


@asynccontextmanager
async def polling_process_cut_off(case: Case) -> AsyncIterator[Trial]:
    """Its connections to the database hang; those that it makes later do not."""
    holder, _ = await holder_and_others(case.testbed.stack, POSTS_WORKERS)
    ports = own_ports(holder)
    assert case.testbed.to_database.cut(lambda wire: wire.client_port in ports) > 0
    yield Trial(case.sign_out())


@asynccontextmanager
async def posts_listens_in_vain(case: Case) -> AsyncIterator[Trial]:
    await _cut_listeners(case.testbed, "posts_app")
    yield Trial(case.sign_out())


@asynccontextmanager
async def identity_listens_in_vain(case: Case) -> AsyncIterator[Trial]:
    await _cut_listeners(case.testbed, "identity_app")
    yield Trial(case.sign_out())


async def _cut_listeners(testbed: Testbed, role: str) -> None:
    """Cut the LISTEN connection of every process of this service."""

    async def listeners() -> set[int]:
        rows = await testbed.stack.databases.fetch_as_superuser(LISTENERS, role)
        ends = {wire.proxy_port for wire in testbed.to_database.wires()}
        return {row["client_port"] for row in rows} & ends

    async def all_listen() -> bool:
        return len(await listeners()) >= WORKERS[role]

    await until(all_listen)
    meant = await listeners()
    assert testbed.to_database.cut(lambda wire: wire.proxy_port in meant) >= WORKERS[role]


@asynccontextmanager
async def identity_cut_off(case: Case) -> AsyncIterator[Trial]:
    """Every connection of posts to identity hangs; later ones do not."""
    assert case.testbed.to_identity.cut() > 0
    yield Trial(case.sign_out())


@asynccontextmanager
async def database_restarted(case: Case) -> AsyncIterator[Trial]:
    """Killed, with every connection. The person tries to sign out from the moment in which it takes connections."""
    server = case.testbed.stack.databases.server
    await asyncio.to_thread(server.kill)
    # In this thread, because it ends with the one that starts it.
    server.start()
    began = time.monotonic()

    async def act() -> float:
        while not await _has_signed_out(case):
            await asyncio.sleep(PAUSE_SECONDS)
        return began

    yield Trial(act)


async def _has_signed_out(case: Case) -> bool:
    url = f"{case.testbed.stack.identity}/sessions/current"
    ended = await case.probes.identity_besides().delete(url, headers=case.ada.identity_headers)
    # 401 if an answer before was 503 although the commit had succeeded.
    assert ended.status_code in (204, 401, 503), ended.text
    return ended.status_code != 503
