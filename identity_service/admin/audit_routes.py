"""The audit log."""

from functools import partial
from typing import Annotated, Final

from fastapi import Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, StringConstraints

from identity_service.admin.answers import link_next
from identity_service.admin.audit_schemas import AuditEntryRead, AuditPage
from identity_service.admin.router import admin_router
from identity_service.audit.filters import AuditFilter
from identity_service.dependencies import AuditExporter, IsHead, PartsDep
from identity_service.errors import AuditExportsBusy
from watchword.database.errors import DatabaseUnavailable
from watchword.http.fields import Text
from watchword.http.keyset import InvalidCursor
from watchword.http.paging import PageCursor, PageLength
from watchword.http.responses import answer, refusals

router = admin_router("/audit", tag="audit")

DOWNLOAD: Final = {
    "Cache-Control": "no-store",
    "Content-Disposition": 'attachment; filename="audit.ndjson"',
    "X-Accel-Buffering": "no",
}

_Word = Annotated[Text, StringConstraints(min_length=1, max_length=2_000)]


class LineStream(StreamingResponse):
    media_type = "application/x-ndjson"


def _filters(
    *,
    actor: Annotated[_Word | None, Query(description="A person's id, a client's id, or `command line`")] = None,
    subject: Annotated[_Word | None, Query(description="The id of what was acted on")] = None,
    action: Annotated[_Word | None, Query(examples=["session.ended"])] = None,
    request_id: Annotated[_Word | None, Query(description="Only what this request has done")] = None,
    since: Annotated[AwareDatetime | None, Query(description="Only entries of this time and later")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Only entries from before this time")] = None,
) -> AuditFilter:
    return AuditFilter(actor, subject, action, request_id, since, until)


_Filters = Annotated[AuditFilter, Depends(_filters)]


@router.get(
    "",
    operation_id="admin_audit_list",
    summary="List entries of the audit log",
    responses=answer(200, "Link") | refusals(InvalidCursor, DatabaseUnavailable),
)
async def list_entries(
    filters: _Filters,
    parts: PartsDep,
    request: Request,
    response: Response,
    limit: PageLength = 20,
    cursor: PageCursor = None,
) -> AuditPage:
    """Who did what, the newest entry first. No entry can be changed; when an account is deleted, the network address in
    the entries of that person is erased.

    With several of `actor`, `subject`, `action` and `request_id`, a page searches at most 1,000 entries: it may be
    short or empty, and `next` continues after them.
    """
    page = await parts.admin.audit.list(filters, cursor, limit)
    link_next(page.next_cursor, request, response)
    return AuditPage(items=[AuditEntryRead.of(row) for row in page.entries], next=page.next_cursor)


@router.get(
    "/export",
    operation_id="admin_audit_export",
    summary="Export the audit log",
    response_class=LineStream,
    responses=refusals(AuditExportsBusy, DatabaseUnavailable),
)
async def export_entries(
    administrator: AuditExporter, filters: _Filters, parts: PartsDep, is_head: IsHead
) -> LineStream:
    """The entries that the filters select, the oldest first, as one JSON object in each line: `{"type": "entry"}` with
    the members of an entry. The last line is `{"type": "end"}` with the `count` of entries. If it is absent, entries
    are missing, because the connection broke or your session ended.

    The export ends before the entry `audit.exported`, which records it. Each process of the service can run four
    exports at once.
    """
    if is_head:
        return LineStream((), headers=DOWNLOAD)
    ensure_live = partial(parts.live_sessions.ensure_live, administrator)
    lines = await parts.admin.audit_export.begin(str(administrator.person_id()), filters, ensure_live)
    return LineStream(lines, headers=DOWNLOAD)
