"""The Shared Signals transmitter over HTTP: its configuration, streams, and polling."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from identity_service.caching import forbid_caching
from identity_service.dependencies import PartsDep, Scope
from identity_service.errors import NoSigningKey
from identity_service.events import views
from identity_service.events.errors import (
    LapsingStreamPushed,
    NotSupplied,
    StreamExists,
    StreamNotFound,
    TooManyStreams,
    UnusableEndpoint,
    VerifiedTooOften,
)
from identity_service.events.schemas import (
    PollAnswer,
    PollRequest,
    StatusChange,
    StatusRead,
    StreamChanges,
    StreamDraft,
    StreamId,
    StreamRead,
    StreamReplacement,
    TransmitterConfiguration,
    VerificationRequest,
)
from watchword.auth import Principal, public, requires
from watchword.database.errors import DatabaseUnavailable
from watchword.http import BadRequestRoute
from watchword.http.responses import refusals

Manager = Annotated[Principal, Depends(requires(Scope.SSF_MANAGE))]
Reader = Annotated[Principal, Depends(requires(Scope.SSF_READ))]

router = APIRouter(tags=["security events"])
streams_router = APIRouter(
    prefix="/ssf/streams",
    tags=["security events"],
    dependencies=[Depends(forbid_caching)],
    # SSF 1.0 section 8.1.
    route_class=BadRequestRoute,
)


@router.get(
    "/.well-known/ssf-configuration",
    operation_id="ssf_configuration",
    summary="What this transmitter offers (SSF 1.0 section 7)",
    response_model=TransmitterConfiguration,
)
@public
async def read_configuration(parts: PartsDep) -> dict[str, Any]:
    """The transmitter's endpoints, and its methods of delivery and authorization."""
    return views.configuration(parts.settings.issuer)


@streams_router.post(
    "",
    operation_id="streams_create",
    summary="Create your stream",
    status_code=201,
    response_model=StreamRead,
    response_model_exclude_none=True,
    responses=refusals(StreamExists, TooManyStreams, LapsingStreamPushed, UnusableEndpoint, DatabaseUnavailable),
)
async def create_stream(caller: Manager, parts: PartsDep, draft: StreamDraft | None = None) -> StreamRead:
    """Create your stream. Without a body it is polled and gets every event.

    It starts with the events of the last hour, which an access token may still contradict, and with every deletion of
    an account. With `inactivity_timeout` it is the stream of one process, starts without the older deletions, and
    lapses without polls; you may have several of those.
    """
    return await parts.transmitter.streams.create(caller.client_id, draft or StreamDraft())


@streams_router.get(
    "",
    operation_id="streams_read",
    summary="Read your stream, or list your streams",
    response_model=StreamRead | list[StreamRead],
    response_model_exclude_none=True,
    responses=refusals(StreamNotFound, DatabaseUnavailable),
)
async def read_streams(
    caller: Reader,
    parts: PartsDep,
    stream_id: Annotated[StreamId | None, Query(description="One stream; without it, the list of yours")] = None,
) -> StreamRead | list[StreamRead]:
    """Your stream, or the list of your streams."""
    if stream_id is None:
        return await parts.transmitter.streams.list(caller.client_id)
    return await parts.transmitter.streams.get(caller.client_id, stream_id)


@streams_router.patch(
    "",
    operation_id="streams_change",
    summary="Change your stream",
    response_model=StreamRead,
    response_model_exclude_none=True,
    responses=refusals(StreamNotFound, NotSupplied, LapsingStreamPushed, UnusableEndpoint, DatabaseUnavailable),
)
async def change_stream(caller: Manager, parts: PartsDep, changes: StreamChanges) -> StreamRead:
    """Change the members that you send."""
    return await parts.transmitter.streams.change(caller.client_id, changes)


@streams_router.put(
    "",
    operation_id="streams_replace",
    summary="Replace your stream",
    response_model=StreamRead,
    response_model_exclude_none=True,
    responses=refusals(StreamNotFound, NotSupplied, LapsingStreamPushed, UnusableEndpoint, DatabaseUnavailable),
)
async def replace_stream(caller: Manager, parts: PartsDep, replacement: StreamReplacement) -> StreamRead:
    """Replace the whole stream. Members that you leave out are reset."""
    return await parts.transmitter.streams.replace(caller.client_id, replacement)


@streams_router.delete(
    "",
    operation_id="streams_delete",
    summary="Delete your stream",
    status_code=204,
    responses=refusals(StreamNotFound, DatabaseUnavailable),
)
async def delete_stream(caller: Manager, parts: PartsDep, stream_id: StreamId) -> None:
    """Delete the stream and every event that waits in it. One that has lapsed can be deleted too."""
    await parts.transmitter.streams.delete(caller.client_id, stream_id)


@streams_router.get(
    "/status",
    operation_id="streams_read_status",
    summary="Read the status of your stream",
    response_model=StatusRead,
    response_model_exclude_none=True,
    responses=refusals(StreamNotFound, DatabaseUnavailable),
)
async def read_status(caller: Reader, parts: PartsDep, stream_id: StreamId) -> StatusRead:
    """The status of the stream: enabled, paused or disabled."""
    return await parts.transmitter.streams.get_status(caller.client_id, stream_id)


@streams_router.post(
    "/status",
    operation_id="streams_set_status",
    summary="Set the status of your stream",
    response_model=StatusRead,
    response_model_exclude_none=True,
    responses=refusals(StreamNotFound, DatabaseUnavailable),
)
async def set_status(caller: Manager, parts: PartsDep, change: StatusChange) -> StatusRead:
    """Enable, pause or disable the stream.

    A paused stream stores events for later; a disabled one drops them, and starts like a new one when it is enabled.
    """
    return await parts.transmitter.streams.set_status(caller.client_id, change)


@streams_router.post(
    "/verify",
    operation_id="streams_verify",
    summary="Ask for a verification event",
    status_code=204,
    responses=refusals(StreamNotFound, VerifiedTooOften, DatabaseUnavailable),
)
async def verify_stream(caller: Manager, parts: PartsDep, request: VerificationRequest) -> None:
    """Send a verification event through the stream."""
    await parts.transmitter.streams.verify(caller.client_id, request)


@streams_router.post(
    "/{stream_id}/poll",
    operation_id="streams_poll",
    summary="Poll for events",
    response_model=PollAnswer,
    responses=refusals(StreamNotFound, NoSigningKey, DatabaseUnavailable),
)
async def poll_stream(caller: Reader, parts: PartsDep, stream_id: StreamId, request: PollRequest) -> PollAnswer:
    """Acknowledge the events that you have processed, and get those that wait (RFC 8936).

    A poll that may wait ends the one before it, and does not bring what was sent in the last five seconds.
    With `maxEvents` 0 it only acknowledges.
    """
    return await parts.transmitter.poll_delivery.poll(caller.client_id, stream_id, request)
