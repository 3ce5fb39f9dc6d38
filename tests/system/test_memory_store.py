"""A service without a database obeys too: each of its processes has a stream of its own."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from deploy.local.processes import end_children
from tests.support.person import Person
from tests.support.processes import standing_still
from tests.support.services import unique
from tests.support.stack import Stack
from tests.support.waiting import until
from tests.system.conftest import NewPerson
from tests.system.examples import ROOT, blocks, free_url, new_client, new_service, served
from tests.system.notes_service import Notes, Worker
from watchword.events.contact_lease import VALID_SECONDS

CLIENT = "notes"
README = (ROOT / "shared" / "README.md").read_text()
WORKERS = 4


@pytest.fixture(scope="module")
def registered(own_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notes]:
    """A service that is known to identity, and does not run."""
    with free_url() as url:
        secret = new_client(own_stack, CLIENT)
        new_service(own_stack, url, "notes:read")
        yield Notes(tmp_path_factory.mktemp("notes"), own_stack, url, CLIENT, secret)


@pytest.fixture
async def notes(registered: Notes) -> Notes:
    """The same, with no stream that another test has left."""
    await registered.delete_streams()
    return registered


@pytest.fixture
def person(own_stack: Stack, http: httpx.AsyncClient, notes: Notes) -> NewPerson:
    """A function that registers a person, whose tokens are for the service."""

    async def make(word: str = "ada", audience: str | None = None) -> Person:
        return await Person(http, own_stack, unique(word), audience or notes.url).register()

    return make


async def statuses(workers: list[Worker], caller: Person) -> list[int]:
    return [await worker.status(caller.headers) for worker in workers]


async def all_accept(workers: list[Worker], caller: Person) -> bool:
    """Whether every worker accepts the caller. One that has not fetched the keys yet says 503, and none says 401."""
    answers = await statuses(workers, caller)
    assert set(answers) <= {200, 503}
    return answers == [200] * len(workers)


async def refused_after(worker: Worker, caller: Person, since: float) -> float:
    """After how many seconds the worker refused the caller."""
    while (status := await worker.status(caller.headers)) == 200:
        await asyncio.sleep(0.002)
    assert status == 401
    return time.monotonic() - since


async def test_each_of_four_workers_has_a_stream_and_obeys_a_logout(
    notes: Notes, person: NewPerson, capsys: pytest.CaptureFixture[str]
) -> None:
    ada, eve = await person("ada"), await person("eve")
    seconds: list[float] = []
    with notes.running(WORKERS):
        async with notes.workers(WORKERS) as workers:
            await until(lambda: all_accept(workers, eve))
            assert await notes.streams() == WORKERS
            for _ in range(20):
                await ada.sign_in()
                assert await statuses(workers, ada) == [200] * WORKERS
                since = time.monotonic()
                await ada.sign_out()
                seconds += await asyncio.gather(*(refused_after(worker, ada, since) for worker in workers))
            assert await statuses(workers, eve) == [200] * WORKERS
    with capsys.disabled():
        seconds.sort()
        print(f"\n80 refusals in four workers: median {seconds[40]:.3f} s, largest {seconds[-1]:.3f} s.")  # noqa: T201


async def test_the_program_in_the_readme_obeys_a_logout(
    own_stack: Stack, registered: Notes, person: NewPerson, tmp_path: Path
) -> None:
    ada, eve = await person("ada"), await person("eve")
    (source,) = blocks(README, "Receive revocations without a database", "python")
    source = source.replace("http://localhost:8001", own_stack.identity).replace(
        "http://localhost:8003", registered.url
    )
    (tmp_path / "notes.py").write_text(source)
    secret = {"NOTES_CLIENT_SECRET": registered.secret}
    with served("notes:app", registered.url, tmp_path, own_stack, tmp_path / "log", **secret):

        async def answers(caller: Person, status: int) -> bool:
            return (await caller.http.get(f"{registered.url}/notes", headers=caller.headers)).status_code == status

        await until(lambda: answers(ada, 200))
        await ada.sign_out()
        await until(lambda: answers(ada, 401))
        assert await answers(eve, 200)


async def test_a_logout_that_is_waited_for_is_obeyed_by_every_worker(notes: Notes, person: NewPerson) -> None:
    ada = await person()
    with notes.running(WORKERS):
        async with notes.workers(WORKERS) as workers:
            await until(lambda: all_accept(workers, ada))
            answer = await ada.sign_out(Prefer="wait=10")
            assert await statuses(workers, ada) == [401] * WORKERS
    body = answer.json()
    assert CLIENT in [one["service"] for one in body["obeyed"]]
    assert CLIENT not in body["outstanding"]


async def test_after_a_restart_what_was_revoked_is_refused_and_other_tokens_are_accepted(
    notes: Notes, person: NewPerson
) -> None:
    ada, mia, eve = await person("ada"), await person("mia"), await person("eve")
    with notes.running(WORKERS):
        async with notes.workers(WORKERS) as workers:
            await until(lambda: all_accept(workers, ada))
            await ada.sign_out()
    assert await notes.streams() == 0
    await mia.sign_out()
    with notes.running(WORKERS):
        async with notes.workers(WORKERS) as workers:
            await until(lambda: all_accept(workers, eve))
            assert await statuses(workers, ada) == [401] * WORKERS
            assert await statuses(workers, mia) == [401] * WORKERS


async def test_after_a_crash_what_was_revoked_meanwhile_is_refused(notes: Notes, person: NewPerson) -> None:
    ada, eve = await person("ada"), await person("eve")
    with notes.running() as child:
        async with notes.workers() as workers:
            await until(lambda: all_accept(workers, ada))
            end_children([child], [signal.SIGKILL])
    assert CLIENT in (await ada.sign_out(Prefer="wait=1")).json()["outstanding"]
    with notes.running():
        async with notes.workers() as workers:
            await until(lambda: all_accept(workers, eve))
            assert await statuses(workers, ada) == [401]


async def test_a_process_that_stands_still_is_outstanding_and_refuses_when_it_wakes(
    notes: Notes, person: NewPerson
) -> None:
    ada, eve = await person("ada"), await person("eve")
    async with accepting(notes, ada) as workers:
        async with frozen(*workers):
            answer = await ada.sign_out(Prefer="wait=1")
            first = await workers[0].sent(ada)
        assert (await first).status_code == 401
        assert await statuses(workers, eve) == [200]
        assert CLIENT in answer.json()["outstanding"]
        later = (await eve.sign_out(Prefer="wait=10")).json()
        assert (CLIENT in [one["service"] for one in later["obeyed"]], later["outstanding"]) == (True, [])


async def test_a_process_whose_stream_has_lapsed_meanwhile_refuses_when_it_wakes_and_is_outstanding_no_more(
    notes: Notes, person: NewPerson
) -> None:
    ada, eve = await person("ada"), await person("eve")
    async with accepting(notes, ada) as workers:
        async with frozen(*workers):
            await notes.let_streams_lapse()
            assert CLIENT in (await ada.sign_out(Prefer="wait=1")).json()["outstanding"]
            first = await workers[0].sent(ada)
        assert (await first).status_code == 401
        assert await statuses(workers, eve) == [200]
        assert await notes.streams() == 1
        assert (await eve.sign_out(Prefer="wait=10")).json()["outstanding"] == []


async def test_while_identity_is_away_the_policy_for_silence_decides(
    own_stack: Stack, notes: Notes, person: NewPerson
) -> None:
    ada, eve = await person("ada"), await person("eve")
    with notes.running(NOTES_SILENCE="2"):
        async with notes.workers() as (worker,):
            await until(lambda: all_accept([worker], ada))
            assert await worker.status(ada.headers, "POST") == 200
            own_stack.stop("identity")

            async def refuses_writes() -> bool:
                assert await worker.status(ada.headers) == 200
                return await worker.status(ada.headers, "POST") == 503

            await until(refuses_writes)
            own_stack.start("identity")
            await ada.sign_out()
            await until(lambda: is_refused(worker, ada))
            await until(lambda: all_accept([worker], eve))


@asynccontextmanager
async def accepting(notes: Notes, caller: Person) -> AsyncIterator[list[Worker]]:
    """The processes of the running service, which accept the caller."""
    with notes.running():
        async with notes.workers() as workers:
            await until(lambda: all_accept(workers, caller))
            yield workers


@asynccontextmanager
async def frozen(*workers: Worker) -> AsyncIterator[None]:
    """The processes stand still during the block, which begins when what they knew is no longer valid."""
    with standing_still(*(worker.pid for worker in workers)) as began:
        await until(lambda: time.monotonic() - began > VALID_SECONDS)
        yield


async def is_refused(worker: Worker, caller: Person) -> bool:
    return await worker.status(caller.headers) == 401
