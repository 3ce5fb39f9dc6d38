"""The audit log: looking something up, and taking it elsewhere."""

from collections.abc import AsyncIterator
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Depends, Request
from pydantic import AwareDatetime, BeforeValidator, Field
from starlette.responses import Response

from identity_service.admin.audit_routes import DOWNLOAD, LineStream
from identity_service.admin.audit_schemas import AuditEntryRead
from identity_service.audit.filters import AuditFilter
from identity_service.dependencies import IsHead, PartsDep
from identity_service.errors import SignOnRequired
from identity_service.pages.admin.dependencies import AdminRequestDep
from identity_service.pages.admin.requests import AdminRequest
from identity_service.pages.admin.router import admin_pages
from identity_service.pages.admin.user_routes import PAGE_LENGTH
from identity_service.pages.errors import FormMalformed
from identity_service.pages.forms import Form
from watchword.auth import public
from watchword.http.fields import Body, Text

_EXPORT: Final = "/admin/ui/audit/export"

router = admin_pages("/audit")


def _in_utc(value: object) -> object:
    """The time as browsers write it, without a zone, in UTC: the times on the pages are in it, too."""
    return f"{value}Z" if isinstance(value, str) and len(value) <= len("2026-01-01T00:00:00") else value


Word = Annotated[Text | None, Field(max_length=2_000)]
Time = Annotated[AwareDatetime | None, BeforeValidator(_in_utc)]


class AuditSearch(Body):
    """Which entries the list has."""

    actor: Word = None
    subject: Word = None
    action: Word = None
    request_id: Word = None
    since: Time = None
    until: Time = None

    def as_filter(self) -> AuditFilter:
        return AuditFilter(self.actor, self.subject, self.action, self.request_id, self.since, self.until)


@router.get("")
@public
async def list_entries(admin: AdminRequestDep, parts: PartsDep) -> Response:
    form, cursor = admin.query(AuditSearch), admin.cursor()
    words = {"is_later_page": cursor is not None, "export_path": _export_path(form)}
    if form.model is None:
        return admin.page("audit.html", "audit", form, items=[], next_path=None, **words)
    page = await parts.admin.audit.list(form.model.as_filter(), cursor, PAGE_LENGTH)
    entries = [AuditEntryRead.of(row) for row in page.entries]
    next_path = admin.next_path(page.next_cursor, form)
    return admin.page("audit.html", "audit", form, items=entries, next_path=next_path, **words)


async def _exporter(admin: AdminRequestDep, parts: PartsDep) -> AsyncIterator[AdminRequest]:
    """The administrator, in one of the process's slots for as long as the answer lasts."""
    with parts.admin.audit_export.slot():
        yield admin


@router.get("/export")
@public
async def export_entries(
    request: Request, admin: Annotated[AdminRequest, Depends(_exporter)], parts: PartsDep, is_head: IsHead
) -> Response:
    """The entries that the filters of the page select, in lines of JSON, as the API exports them."""
    form = admin.query(AuditSearch)
    if form.model is None:
        raise FormMalformed("filters that no page of ours has sent")
    if is_head:
        return LineStream((), headers=DOWNLOAD)
    secret, user_id = parts.sign_on_cookie.read(request), admin.sign_on.user_id

    async def ensure_live() -> None:
        if await parts.sign_ons.find(secret) is None:
            raise SignOnRequired("the sign-on has ended")
        await parts.admission.ensure_administrator(user_id)

    lines = await parts.admin.audit_export.begin(str(user_id), form.model.as_filter(), ensure_live)
    return LineStream(lines, headers=DOWNLOAD)


def _export_path(form: Form[AuditSearch]) -> str:
    query = urlencode(form.values)
    return f"{_EXPORT}?{query}" if query else _EXPORT
