"""/admin/streams: who is told of what happens here, and how far behind they are."""

from uuid import UUID

from fastapi import Request, Response

from identity_service.admin.answers import link_next, read_answer
from identity_service.admin.router import admin_router
from identity_service.admin.stream_schemas import StreamPage, StreamPatch, StreamState, stream_tag
from identity_service.dependencies import AdminCause, ChangeConditions, PartsDep, ReadConditions
from identity_service.errors import NoSuchStream
from watchword.database.errors import DatabaseUnavailable
from watchword.errors import PreconditionFailed, PreconditionRequired
from watchword.http.keyset import InvalidCursor
from watchword.http.paging import PageCursor, PageLength
from watchword.http.responses import READ_CONDITIONS, answer, refusals, unchanged

router = admin_router("/streams", tag="security events")


@router.get(
    "",
    operation_id="admin_streams_list",
    summary="List the streams of all receivers",
    responses=answer(200, "Link") | refusals(InvalidCursor, DatabaseUnavailable),
)
async def list_streams(
    parts: PartsDep, request: Request, response: Response, limit: PageLength = 20, cursor: PageCursor = None
) -> StreamPage:
    """Every stream of security events, the oldest first, with what waits in it. A stream that has lapsed stays in the
    list as long as an act may wait for it."""
    page = await parts.admin.streams.list(cursor, limit)
    link_next(page.next_cursor, request, response)
    return StreamPage(items=[StreamState.of(row) for row in page.items], next=page.next_cursor)


@router.get(
    "/{stream_id}",
    operation_id="admin_streams_read",
    summary="Read a stream of a receiver",
    response_model=StreamState,
    responses=answer(200, "ETag") | unchanged("ETag") | refusals(NoSuchStream, PreconditionFailed, DatabaseUnavailable),
    openapi_extra=READ_CONDITIONS,
)
async def read_stream(
    stream_id: UUID, parts: PartsDep, conditions: ReadConditions, response: Response
) -> StreamState | Response:
    """A stream, and what waits in it. Its `ETag` changes when somebody changes the stream, and not with its events."""
    row = await parts.admin.streams.get(stream_id)
    return read_answer(StreamState.of(row), stream_tag(row), conditions, response)


@router.patch(
    "/{stream_id}",
    operation_id="admin_streams_change",
    summary="Enable, pause or disable a stream of a receiver",
    responses=answer(200, "ETag")
    | refusals(NoSuchStream, PreconditionRequired, PreconditionFailed, DatabaseUnavailable),
)
async def change_stream(
    stream_id: UUID,
    patch: StreamPatch,
    parts: PartsDep,
    cause: AdminCause,
    conditions: ChangeConditions,
    response: Response,
) -> StreamState:
    """**While a stream is paused or disabled, its receiver gets no events**: it goes on accepting the tokens of
    sessions that have ended and of accounts that are disabled, until these tokens expire, and acts that wait name it as
    outstanding. A paused stream keeps events for later. A disabled one drops them; when it is enabled again, it starts
    with the events that tokens in use may still contradict. A receiver can enable its own stream again.
    """
    row = await parts.admin.streams.set_status(
        stream_id,
        patch.status,
        patch.reason,
        cause,
        expect=lambda stream: conditions.ensure_changeable(stream_tag(stream)),
    )
    response.headers["ETag"] = stream_tag(row)
    return StreamState.of(row)
