"""Streams of security events: how far behind each receiver is, and stopping one."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from asyncpg import Record
from fastapi import Depends
from starlette.responses import Response

from identity_service.admin.stream_schemas import StreamState, stream_tag
from identity_service.dependencies import PartsDep
from identity_service.events.models import StreamStatus
from identity_service.events.schemas import Reason
from identity_service.pages.admin.dependencies import AdminRequestDep, sent
from identity_service.pages.admin.forms import Changing
from identity_service.pages.admin.router import admin_pages
from identity_service.pages.admin.user_routes import PAGE_LENGTH
from identity_service.pages.forms import NOTHING, Form
from watchword.auth import public
from watchword.errors import PreconditionFailed

STREAMS: Final = "/admin/ui/streams"

router = admin_pages("/streams")

Act = Literal["enable", "pause", "disable"]
_STATUS: Final = {
    "enable": StreamStatus.ENABLED,
    "pause": StreamStatus.PAUSED,
    "disable": StreamStatus.DISABLED,
}


class StatusChange(Changing):
    """The reason, which the receiver can read."""

    reason: Reason | None = None


StatusForm = Annotated[Form[StatusChange], Depends(sent(StatusChange))]


@router.get("")
@public
async def list_streams(admin: AdminRequestDep, parts: PartsDep) -> Response:
    cursor = admin.cursor()
    page = await parts.admin.streams.list(cursor, PAGE_LENGTH)
    words: dict[str, Any] = {"next_path": admin.next_path(page.next_cursor), "is_later_page": cursor is not None}
    return admin.page("streams.html", "streams", items=[StreamState.of(row) for row in page.items], **words)


@router.get("/{stream_id}")
@public
async def show_stream(stream_id: UUID, admin: AdminRequestDep, parts: PartsDep) -> Response:
    return admin.page("stream.html", "stream", stream=StreamState.of(await parts.admin.streams.get(stream_id)))


@router.get("/{stream_id}/{act}")
@public
async def show_act(stream_id: UUID, act: Act, admin: AdminRequestDep, parts: PartsDep) -> Response:
    return _act_page(admin, act, await parts.admin.streams.get(stream_id), NOTHING)


@router.post("/{stream_id}/{act}")
@public
async def set_status(stream_id: UUID, act: Act, admin: AdminRequestDep, form: StatusForm, parts: PartsDep) -> Response:
    """A fresh sign-in is not asked for, as it is not over HTTP: each of these acts is undone in a moment."""
    if form.model is None:
        return _act_page(admin, act, await parts.admin.streams.get(stream_id), form)
    try:
        await parts.admin.streams.set_status(
            stream_id, _STATUS[act], form.model.reason, admin.cause, expect=_expecting(form.model)
        )
    except PreconditionFailed:
        return _act_page(admin, act, await parts.admin.streams.get(stream_id), NOTHING, stale=form)
    return admin.go(f"{STREAMS}/{stream_id}", "saved")


def _expecting(form: Changing) -> Any:
    return lambda stream: form.ensure_is(stream_tag(stream))


def _act_page(
    admin: AdminRequestDep, act: Act, row: Record, form: Form[StatusChange], stale: Form[Any] | None = None
) -> Response:
    words = {"stream": StreamState.of(row), "etag": form.values.get("etag", stream_tag(row)), "stale": stale}
    return admin.page("stream_act.html", f"stream_{act}", form, **words)
