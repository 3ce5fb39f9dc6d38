"""The commands about streams of security events."""

from typing import Annotated
from uuid import UUID

import typer

from identity_service.admin.stream_schemas import StreamPage, StreamPatch, StreamState
from identity_service.administration import entered
from identity_service.commands.opening import open_parts
from identity_service.events.models import StreamStatus
from identity_service.parts import Parts
from identity_service.recording.cause import BY_COMMAND_LINE
from watchword.service.command_options import Cursor, Limit
from watchword.service.commands import Answer, CommandGroup, page_answer

StreamId = Annotated[UUID, typer.Argument(metavar="ID", help="The id of a stream.")]
Reason = Annotated[str | None, typer.Option(metavar="TEXT", help="The receiver can read it.")]

GROUP = CommandGroup("streams", "The streams of security events, and how far behind each receiver is.", open_parts)


@GROUP.verb("list")
async def list_streams(parts: Parts, *, limit: Limit = 20, cursor: Cursor = None) -> Answer:
    """List the streams of all receivers, the oldest first."""
    page = await parts.admin.streams.list(cursor, limit)
    streams = StreamPage(items=[StreamState.of(row) for row in page.items], next=page.next_cursor)
    return page_answer(streams, [_line(stream) for stream in streams.items], "There are no streams.")


@GROUP.verb("show")
async def show_stream(parts: Parts, stream_id: StreamId) -> Answer:
    """Show a stream, and what waits in it."""
    return _shown(StreamState.of(await parts.admin.streams.get(stream_id)))


@GROUP.verb("pause")
async def pause_stream(parts: Parts, stream_id: StreamId, *, reason: Reason = None) -> Answer:
    """Store the events of a stream for later. Meanwhile its receiver learns of no sign-out and no disabled account."""
    return await _set(parts, stream_id, StreamStatus.PAUSED, reason)


@GROUP.verb("disable")
async def disable_stream(parts: Parts, stream_id: StreamId, *, reason: Reason = None) -> Answer:
    """Drop the events of a stream. Its receiver learns of no sign-out and no disabled account."""
    return await _set(parts, stream_id, StreamStatus.DISABLED, reason)


@GROUP.verb("enable")
async def enable_stream(parts: Parts, stream_id: StreamId, *, reason: Reason = None) -> Answer:
    """Send events again, first what a token can still contradict."""
    return await _set(parts, stream_id, StreamStatus.ENABLED, reason)


async def _set(parts: Parts, stream_id: UUID, status: StreamStatus, reason: str | None) -> Answer:
    members = {"status": status} if reason is None else {"status": status, "reason": reason}
    patch = entered(StreamPatch, **members)
    row = await parts.admin.streams.set_status(stream_id, status, patch.reason, BY_COMMAND_LINE, expect=lambda _: None)
    return _shown(StreamState.of(row))


def _shown(stream: StreamState) -> Answer:
    reason = "" if stream.status_reason is None else f"\nReason: {stream.status_reason}"
    return Answer(f"{_line(stream)}{reason}", stream)


def _line(stream: StreamState) -> str:
    oldest = "" if stream.oldest_seconds is None else f", the oldest for {stream.oldest_seconds:.1f} s"
    failed = f"  failed pushes {stream.failed_pushes}" if stream.failed_pushes else ""
    method = stream.delivery_method.name.lower()
    return (
        f"{stream.id}  {stream.client_id}  {method}  {stream.status}  waiting {stream.events_waiting}{oldest}{failed}"
    )
