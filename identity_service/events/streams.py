"""Creating, reading, changing, verifying and deleting streams (SSF 1.0 section 8)."""

import logging
from collections.abc import Callable
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.events import repository
from identity_service.events.delivery_choice import DeliveryChoice
from identity_service.events.enqueueing import enqueue_in
from identity_service.events.errors import MAX_STREAMS, StreamExists, StreamNotFound, TooManyStreams, VerifiedTooOften
from identity_service.events.locking import block_enqueueing
from identity_service.events.models import Stream, StreamStatus
from identity_service.events.replay import Replay
from identity_service.events.schemas import (
    StatusChange,
    StatusRead,
    StreamChanges,
    StreamDraft,
    StreamMembers,
    StreamRead,
    StreamReplacement,
    VerificationRequest,
)
from identity_service.events.topics import acknowledgements_in, events_in, notify
from identity_service.events.views import MIN_VERIFICATION_INTERVAL, StreamViews
from watchword.auth.errors import InvalidToken
from watchword.clock import Clock
from watchword.database.database import Database, violates
from watchword.database.portions import delete_in_portions
from watchword.errors import Unavailable
from watchword.events.types import EventType
from watchword.ids import parse_uuid

logger = logging.getLogger("identity.events")


class Streams:
    """The streams of all receivers. Every method that takes a stream's id raises StreamNotFound."""

    def __init__(
        self,
        database: Database,
        delivery: DeliveryChoice,
        replay: Replay,
        views: StreamViews,
        clock: Clock,
    ) -> None:
        self._database = database
        self._delivery = delivery
        self._replay = replay
        self._views = views
        self._clock = clock

    async def create(self, client_id: str, draft: StreamDraft) -> StreamRead:
        """Make the durable stream of a receiver, or one more of a single process of it.

        Raises StreamExists, TooManyStreams, LapsingStreamPushed, UnusableEndpoint; InvalidToken if the client was
        deleted, since its tokens are valid until they expire.
        """
        stream = Stream(client_id=client_id, inactivity_timeout=draft.inactivity_timeout)
        self._replace(stream, draft)
        try:
            async with self._database.begin() as db:
                if await repository.count_streams(db, client_id) >= MAX_STREAMS:
                    raise TooManyStreams
                await repository.insert_stream(db, stream)
                await self._replay.begin(db, stream, stream.events_requested)
        except IntegrityError as error:
            if violates(error, "streams_client_id_key"):
                raise StreamExists from error
            if violates(error, "streams_client_id_fkey"):
                raise InvalidToken(f"the client {client_id} was deleted") from error
            raise
        await self._add_deletions(stream.id)
        return self._views.stream(stream)

    async def get(self, client_id: str, stream_id: str) -> StreamRead:
        async with self._database.begin() as db:
            return self._views.stream(await _get(db, client_id, stream_id))

    async def list(self, client_id: str) -> list[StreamRead]:
        async with self._database.begin() as db:
            return [self._views.stream(stream) for stream in await repository.streams_of(db, client_id)]

    async def change(self, client_id: str, changes: StreamChanges) -> StreamRead:
        """Change the members that are present. Raises NotSupplied, LapsingStreamPushed, UnusableEndpoint."""

        def apply(stream: Stream) -> None:
            if changes.delivery is not None:
                self._delivery.set(stream, changes.delivery)
            if changes.events_requested is not None:
                stream.events_requested = changes.events_requested
            if "description" in changes.model_fields_set:
                stream.description = changes.description

        return await self._change(client_id, changes, apply)

    async def replace(self, client_id: str, replacement: StreamReplacement) -> StreamRead:
        """Replace the whole stream. Raises NotSupplied, LapsingStreamPushed, UnusableEndpoint."""
        return await self._change(client_id, replacement, lambda stream: self._replace(stream, replacement))

    async def _change(
        self, client_id: str, body: StreamChanges | StreamReplacement, apply: Callable[[Stream], None]
    ) -> StreamRead:
        async with self._database.begin() as db:
            stream = await _get(db, client_id, body.stream_id, lock=True)
            self._views.ensure_supplied(stream, body)
            before = set(stream.events_requested)
            apply(stream)
            further = set(stream.events_requested) - before
            if further and stream.status != StreamStatus.DISABLED:
                await self._replay.begin(db, stream, further)
        await self._add_deletions(stream.id)
        return self._views.stream(stream)

    async def delete(self, client_id: str, stream_id: str) -> None:
        """Delete the stream and every event that waits in it.

        A process that deletes its own stream accepts no token any more, or none until it has another one, so that its
        events count as obeyed. One that has stood still deletes the stream that has lapsed meanwhile.
        """
        async with self._database.begin() as db:
            stream = await _get(db, client_id, stream_id, lock=True, may_have_lapsed=True)
            if stream.is_durable:
                # So that it has not lost events in silence if this fails before the stream is deleted.
                stream.status = StreamStatus.DISABLED
                await _drop_events(db, stream)
            last = await repository.last_event_id(db, stream.id)
        await self._delete_events(stream.id, last)
        async with self._database.begin() as db:
            await db.delete(await _get(db, client_id, stream_id, lock=True, may_have_lapsed=True))
            await notify(db, [events_in(stream.id), acknowledgements_in(stream.id)])

    async def get_status(self, client_id: str, stream_id: str) -> StatusRead:
        async with self._database.begin() as db:
            return self._views.status(await _get(db, client_id, stream_id))

    async def set_status(self, client_id: str, change: StatusChange) -> StatusRead:
        """Enable, pause or disable the stream. Disabling drops every event that waits in it; after it, the stream
        starts anew with what a token can still contradict."""
        async with self._database.begin() as db:
            stream = await _get(db, client_id, change.stream_id, lock=True)
            last = await self._set_status(db, stream, change.status, change.reason)
        await self._finish_status(stream, last)
        return self._views.status(stream)

    async def set_status_of(
        self, stream_id: UUID, status: StreamStatus, reason: str | None, note: Callable[[AsyncSession, Stream], None]
    ) -> None:
        """Do the same with the stream of whichever client, which has not lapsed, unless it is so already. `note` is
        called with the stream as it was, in the transaction of the change, and may refuse it by an error."""
        async with self._database.begin() as db:
            stream = await repository.find_for_administrator(db, stream_id)
            if stream is None:
                raise StreamNotFound
            note(db, stream)
            if (stream.status, stream.status_reason) == (status, reason):
                return
            last = await self._set_status(db, stream, status, reason)
        await self._finish_status(stream, last)

    async def _set_status(self, db: AsyncSession, stream: Stream, status: StreamStatus, reason: str | None) -> int:
        """Returns the id of the newest event in the stream, for `_finish_status`."""
        was_disabled = stream.status == StreamStatus.DISABLED
        stream.status, stream.status_reason = status, reason
        if status is StreamStatus.DISABLED:
            await _drop_events(db, stream)
        elif was_disabled:
            await self._replay.begin(db, stream, stream.events_requested)
        last = await repository.last_event_id(db, stream.id)
        await notify(db, [events_in(stream.id)])
        return last

    async def _finish_status(self, stream: Stream, last: int) -> None:
        """Do what may be too much for the transaction of the change."""
        if stream.status == StreamStatus.DISABLED:
            # No event is added after the commit, unless somebody enables the stream: those are newer, and stay.
            await self._delete_events(stream.id, last)
        else:
            await self._add_deletions(stream.id)

    async def verify(self, client_id: str, request: VerificationRequest) -> None:
        """Send a verification event through the stream, unless it is disabled. Raises VerifiedTooOften."""
        async with self._database.begin() as db:
            stream = await _get(db, client_id, request.stream_id, lock=True)
            now = self._clock.now()
            if stream.verified_at is not None and now - stream.verified_at < MIN_VERIFICATION_INTERVAL:
                raise VerifiedTooOften
            stream.verified_at = now
            if stream.status != StreamStatus.DISABLED:
                claims = {
                    "sub_id": {"format": "opaque", "id": str(stream.id)},
                    "events": {EventType.VERIFICATION: {} if request.state is None else {"state": request.state}},
                }
                await enqueue_in(db, stream.id, EventType.VERIFICATION, claims)

    async def _add_deletions(self, stream_id: UUID) -> None:
        """Put in the deletions of accounts that are missing. If this fails, the upkeep does it later: the stream is
        committed, and a client that is told of a failure would make another one."""
        try:
            await self._replay.add_deletions(stream_id)
        except Unavailable as error:
            logger.warning("cannot replay deletions yet: %s", error, extra={"reason": error.reason})

    async def _delete_events(self, stream_id: UUID, last: int) -> None:
        """Delete the events up to `last` in portions, since one statement may be too slow for all of them."""
        await delete_in_portions(self._database, lambda db: repository.delete_events(db, stream_id, last))

    def _replace(self, stream: Stream, draft: StreamMembers) -> None:
        self._delivery.set(stream, draft.delivery)
        stream.events_requested = (
            list(self._views.supported) if draft.events_requested is None else draft.events_requested
        )
        stream.description = draft.description


async def _drop_events(db: AsyncSession, stream: Stream) -> None:
    """Have the events of a stream that is disabled now count as not acknowledged; they can be deleted after that."""
    # An act that still finds the stream enabled has put its event into it then, and is over.
    await block_enqueueing(db)
    stream.deletions_before = None
    await repository.note_dropped(db, stream.id)


async def _get(
    db: AsyncSession, client_id: str, stream_id: str, *, lock: bool = False, may_have_lapsed: bool = False
) -> Stream:
    """The stream; one that has lapsed is found only if it `may_have_lapsed`."""
    known_id = parse_uuid(stream_id)
    stream = None
    if known_id is not None:
        stream = await repository.find_stream(db, client_id, known_id, lock=lock, may_have_lapsed=may_have_lapsed)
    if stream is None:
        raise StreamNotFound
    if not stream.is_durable and not may_have_lapsed:
        # Not only polls show that the receiver is there (SSF 1.0 section 8.1.1).
        await repository.put_off_lapse(db, stream.id)
    return stream
