"""/admin/jobs: what is done after changes, and what has failed."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import StringConstraints

from identity_service.admin.answers import link_next
from identity_service.admin.router import admin_router
from identity_service.dependencies import AdminCause, PartsDep
from watchword.database.errors import DatabaseUnavailable
from watchword.http.fields import Text
from watchword.http.keyset import InvalidCursor
from watchword.http.paging import PageCursor, PageLength
from watchword.http.responses import answer, refusals
from watchword.jobs.listing import JobState
from watchword.jobs.records import KeyTaken, NoDeadJob
from watchword.jobs.schemas import JobPageRead

router = admin_router("/jobs", tag="jobs")

_Kind = Annotated[Text, StringConstraints(min_length=1, max_length=200)]


@router.get(
    "",
    operation_id="admin_jobs_list",
    summary="List the jobs",
    responses=answer(200, "Link") | refusals(InvalidCursor, DatabaseUnavailable),
)
async def list_jobs(
    parts: PartsDep,
    request: Request,
    response: Response,
    state: Annotated[JobState, Query(description="`dead`: it was given up")] = JobState.DEAD,
    kind: Annotated[_Kind | None, Query(examples=["letter"])] = None,
    limit: PageLength = 20,
    cursor: PageCursor = None,
) -> JobPageRead:
    """The jobs in one state, the newest first. A job that has succeeded is deleted, and a dead one is kept for 30 days.
    A page searches at most 1,000 jobs: it may be short or empty, and `next` continues after them."""
    page = await parts.admin.jobs.page(state, kind, cursor, limit)
    link_next(page.next_cursor, request, response)
    return JobPageRead.of(page)


@router.post(
    "/{job_id}/retry",
    operation_id="admin_jobs_retry",
    summary="Have a dead job run again",
    status_code=204,
    responses=refusals(NoDeadJob, KeyTaken, DatabaseUnavailable),
)
async def retry_job(job_id: UUID, parts: PartsDep, cause: AdminCause) -> None:
    """Have a dead job run again at once, its attempts counted from zero."""
    await parts.admin.job_retries.retry(job_id, cause)
