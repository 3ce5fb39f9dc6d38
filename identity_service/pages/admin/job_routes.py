"""Jobs: what is done after changes. The dead ones have failed too often, and can run again."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from identity_service.dependencies import PartsDep
from identity_service.pages.admin.dependencies import AdminRequestDep, sent
from identity_service.pages.admin.forms import Cursor
from identity_service.pages.admin.router import admin_pages
from identity_service.pages.admin.user_routes import PAGE_LENGTH
from identity_service.pages.forms import Button, Form
from watchword.auth import public
from watchword.http.fields import Body, Text
from watchword.jobs.listing import JobState
from watchword.jobs.schemas import JobPageRead

JOBS: Final = "/admin/ui/jobs"

router = admin_pages("/jobs")


class JobSearch(Body):
    """Which jobs the list has."""

    state: JobState = JobState.DEAD
    kind: Annotated[Text | None, Field(max_length=200)] = None
    cursor: Cursor = None


ButtonForm = Annotated[Form[Button], Depends(sent(Button))]


@router.get("")
@public
async def list_jobs(admin: AdminRequestDep, parts: PartsDep) -> Response:
    form, cursor = admin.query(JobSearch), admin.cursor()
    words = {"states": list(JobState), "is_later_page": cursor is not None}
    search = form.model
    if search is None:
        return admin.page("jobs.html", "jobs", form, items=[], next_path=None, **words)
    page = JobPageRead.of(await parts.admin.jobs.page(search.state, search.kind, cursor, PAGE_LENGTH))
    return admin.page("jobs.html", "jobs", form, items=page.items, next_path=admin.next_path(page.next, form), **words)


@router.get("/{job_id}/retry")
@public
async def show_retry(job_id: UUID, admin: AdminRequestDep) -> Response:
    return admin.page("job_retry.html", "job_retry", job_id=job_id)


@router.post("/{job_id}/retry")
@public
async def retry(job_id: UUID, admin: AdminRequestDep, _: ButtonForm, parts: PartsDep) -> Response:
    await parts.admin.job_retries.retry(job_id, admin.cause)
    return admin.go(JOBS, "job_retried")
