"""Under one name one process leads: the others wait, and one of them takes over when the lead ends."""

import asyncio
import gc

import pytest

from tests.shared.receivers import LEADER
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.database import DatabaseUnavailable, leader
from watchword.database.leader import run_as_leader
from watchword.tasks import cancel_and_wait


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leader, "CANDIDATE_PAUSE_SECONDS", 0.02)


class Candidate:
    """A process that wants to lead; it leads for as long as it likes."""

    def __init__(self, databases: Databases, name: str = "a test") -> None:
        self._dsn = databases.url("posts_app")
        self._name = name
        self.leads = False
        self.waits = False
        self.resigns = asyncio.Event()
        self.error: Exception | None = None
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        await run_as_leader(self._dsn, self._name, self._work, on_other_leader=self._wait)

    async def _work(self) -> None:
        self.leads, self.waits = True, False
        try:
            await self.resigns.wait()
            if self.error is not None:
                raise self.error
        finally:
            self.leads = False

    def _wait(self) -> None:
        self.waits = True


async def test_one_leads_and_the_other_takes_over(databases: Databases) -> None:
    first = Candidate(databases)
    await until(lambda: first.leads)
    second = Candidate(databases)
    await until(lambda: second.waits)
    assert (first.leads, second.leads) == (True, False)
    first.resigns.set()
    await first.task
    await until(lambda: second.leads)
    await cancel_and_wait([second.task])
    assert second.leads is False


async def test_leaders_of_different_names_do_not_wait_for_each_other(databases: Databases) -> None:
    both = [Candidate(databases, name) for name in ("one", "two")]
    await until(lambda: all(candidate.leads for candidate in both))
    await cancel_and_wait([candidate.task for candidate in both])


async def test_work_is_cancelled_when_the_connection_with_the_lock_is_lost(databases: Databases) -> None:
    await databases.end_connections("posts_app")
    candidate = Candidate(databases)
    await until(lambda: candidate.leads)
    assert await databases.end_connections("posts_app", LEADER) == 1
    await candidate.task
    assert candidate.leads is False


async def test_error_of_the_work_is_raised_and_the_lead_ends(databases: Databases) -> None:
    first = Candidate(databases)
    first.error = ValueError("a mistake")
    first.resigns.set()
    with pytest.raises(ValueError, match="a mistake"):
        await first.task
    second = Candidate(databases)
    await until(lambda: second.leads)
    await cancel_and_wait([second.task])


async def test_database_that_does_not_answer_is_unavailable(databases: Databases) -> None:
    nowhere = databases.url("posts_app").replace(f":{databases.server.port}/", ":9/")
    with pytest.raises(DatabaseUnavailable):
        await run_as_leader(nowhere, "a test", asyncio.Event().wait, on_other_leader=lambda: None)


async def stop_while_the_work_fails(databases: Databases) -> None:
    candidate = Candidate(databases)
    await until(lambda: candidate.leads)
    candidate.error = DatabaseUnavailable("the other side's fault")
    candidate.resigns.set()
    # One turn of the loop: the work has failed, and the leader has not yet heard of it.
    await asyncio.sleep(0)
    assert candidate.leads is False
    await cancel_and_wait([candidate.task])
    assert candidate.task.cancelled()


async def test_failure_of_work_that_is_stopped_at_the_same_moment_is_no_error_of_the_log(
    databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    await stop_while_the_work_fails(databases)
    # What nobody has retrieved is logged when its task is forgotten.
    gc.collect()
    assert "never retrieved" not in caplog.text
