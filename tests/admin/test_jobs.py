"""Administrators see what failed after a change, and have it tried again."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.admin.answers import flaws_of, refusal_of
from tests.admin.audit import entries_of
from tests.admin.operation_requests import make_dead_job
from tests.support.databases import Databases
from tests.support.services import Identity
from watchword.jobs import listing

Headers = dict[str, str]

WAITING = text("INSERT INTO identity.jobs (kind, payload, run_at) VALUES (:kind, '{}', now() + interval '1 hour')")
OF_KEY = text("INSERT INTO identity.jobs (kind, key, payload) VALUES ('unknown', 'one', '{}')")
SAME_KEY = text("UPDATE identity.jobs SET key = 'one' WHERE dead_at IS NOT NULL")


async def listed(identity: Identity, grace: Headers, **query: Any) -> list[list[dict[str, Any]]]:
    """The pages, from the first to the last."""
    pages: list[list[dict[str, Any]]] = []
    cursor: str | None = ""
    while cursor is not None:
        more = {"cursor": cursor} if cursor else {}
        answer = await identity.http.get("/admin/jobs", params={**query, **more}, headers=grace)
        assert answer.status_code == 200, answer.text
        assert "of a letter" not in answer.text
        pages.append(answer.json()["items"])
        cursor = answer.json()["next"]
    return pages


async def wait(identity: Identity, kind: str, count: int = 1) -> None:
    async with identity.parts.database.begin() as db:
        for _ in range(count):
            await db.execute(WAITING, {"kind": kind})


async def test_dead_jobs_are_listed_with_their_error_and_without_their_payload(
    identity: Identity, grace: Headers
) -> None:
    job_id = await make_dead_job(identity)
    await wait(identity, "letter")
    [[job]] = await listed(identity, grace)
    shown = {name: job[name] for name in ("id", "kind", "state", "attempts", "losses", "last_error")}
    assert shown == {
        "id": str(job_id),
        "kind": "unknown",
        "state": "dead",
        "attempts": 3,
        "losses": 0,
        "last_error": "ValueError: no",
    }


async def test_jobs_are_listed_by_state_and_kind_in_pages(identity: Identity, grace: Headers) -> None:
    await wait(identity, "first", 3)
    await wait(identity, "other", 2)
    query = {"state": "waiting", "kind": "first", "limit": 2}
    assert [[job["kind"] for job in page] for page in await listed(identity, grace, **query)] == [
        ["first", "first"],
        ["first"],
    ]
    assert await listed(identity, grace, state="running", kind="first") == [[]]


async def test_page_that_has_looked_at_enough_is_short_and_the_next_goes_on(
    identity: Identity, grace: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MAX_SCANNED", 4)
    job_id = str(await make_dead_job(identity))
    await wait(identity, "letter", 9)
    pages = await listed(identity, grace, limit=2)
    assert [job["id"] for page in pages for job in page] == [job_id]
    assert len(pages) > 2


async def test_dead_job_runs_again_once_and_that_is_recorded(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    job_id = await make_dead_job(identity)
    for status in (204, 404):
        answer = await identity.http.post(f"/admin/jobs/{job_id}/retry", headers=grace)
        assert answer.status_code == status, answer.text
    assert await entries_of(databases, "job.retried") == [
        (str(job_id), "job.retried", {"state": "dead"}, {"state": "waiting"})
    ]
    [[job]] = await listed(identity, grace, state="waiting", kind="unknown")
    assert (job["id"], job["attempts"]) == (str(job_id), 0)


async def test_job_that_cannot_run_again_is_refused_and_nothing_is_recorded(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    job_id = await make_dead_job(identity)
    async with identity.parts.database.begin() as db:
        await db.execute(SAME_KEY)
        await db.execute(OF_KEY)
    answer = await identity.http.post(f"/admin/jobs/{job_id}/retry", headers=grace)
    assert refusal_of(answer) == (409, "job_waits_already")
    answer = await identity.http.post(f"/admin/jobs/{uuid4()}/retry", headers=grace)
    assert refusal_of(answer) == (404, "no_dead_job")
    assert await entries_of(databases, "job.retried") == []


@pytest.mark.parametrize("query", [{"state": "lost"}, {"kind": ""}, {"kind": "a\x00"}, {"cursor": "x"}], ids=str)
async def test_what_can_be_no_filter_is_refused(identity: Identity, grace: Headers, query: dict[str, str]) -> None:
    answer = await identity.http.get("/admin/jobs", params=query, headers=grace)
    assert [pointer for pointer, _ in flaws_of(answer)] == [f"/query/{name}" for name in query]
