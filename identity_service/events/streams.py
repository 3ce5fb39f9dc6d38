"""Creating, reading, changing, verifying and deleting streams (SSF 1.0 section 8)."""

from typing import Final
from uuid import UUID

import httpx
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.events import repository
from identity_service.events.errors import StreamExists, StreamNotFound, UnusableEndpoint, VerifiedTooOften
from identity_service.events.models import Delivery, Stream, StreamStatus
from identity_service.events.push_addresses import PushAddresses
from identity_service.events.schemas import (
    DeliveryDraft,
    StatusChange,
    StatusRead,
    StreamChanges,
    StreamDraft,
    StreamRead,
    StreamReplacement,
    VerificationRequest,
)
from identity_service.events.views import MIN_VERIFICATION_INTERVAL, StreamViews
from identity_service.keys.sealing import Sealer
from identity_service.loopback import is_loopback
from watchword.clock import Clock
from watchword.database.database import Database, violates
from watchword.database.portions import delete_in_portions
from watchword.events.types import EventType
from watchword.ids import parse_uuid

_LAST_PORT: Final = 65_535


class Streams:
    """The streams of all receivers. Every method that takes a stream's id raises StreamNotFound."""

    def __init__(
        self, database: Database, sealer: Sealer, views: StreamViews, clock: Clock, *, addresses: PushAddresses
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._views = views
        self._clock = clock
        self._addresses = addresses

    async def create(self, client_id: str, draft: StreamDraft) -> StreamRead:
        """Make the one stream that a receiver may have. Raises StreamExists, UnusableEndpoint."""
        stream = Stream(client_id=client_id)
        self._replace(stream, draft)
        try:
            async with self._database.begin() as db:
                db.add(stream)
        except IntegrityError as error:
            if violates(error, "streams_client_id_key"):
                raise StreamExists from error
            raise
        return self._views.stream(stream)

    async def get(self, client_id: str, stream_id: str) -> StreamRead:
        async with self._database.begin() as db:
            return self._views.stream(await _get(db, client_id, stream_id))

    async def list(self, client_id: str) -> list[StreamRead]:
        async with self._database.begin() as db:
            return [self._views.stream(stream) for stream in await repository.streams_of(db, client_id)]

    async def change(self, client_id: str, changes: StreamChanges) -> StreamRead:
        """Change the members that are present. Raises NotSupplied, UnusableEndpoint."""
        async with self._database.begin() as db:
            stream = await _get(db, client_id, changes.stream_id, lock=True)
            self._views.ensure_supplied(stream, changes)
            if changes.delivery is not None:
                self._set_delivery(stream, changes.delivery)
            if changes.events_requested is not None:
                stream.events_requested = changes.events_requested
            if "description" in changes.model_fields_set:
                stream.description = changes.description
        return self._views.stream(stream)

    async def replace(self, client_id: str, replacement: StreamReplacement) -> StreamRead:
        """Replace the whole stream. Raises NotSupplied, UnusableEndpoint."""
        async with self._database.begin() as db:
            stream = await _get(db, client_id, replacement.stream_id, lock=True)
            self._views.ensure_supplied(stream, replacement)
            self._replace(stream, replacement)
        return self._views.stream(stream)

    async def delete(self, client_id: str, stream_id: str) -> None:
        """Delete the stream and every event that waits in it."""
        async with self._database.begin() as db:
            stream = await _get(db, client_id, stream_id)
            last = await repository.last_event_id(db, stream.id)
        await self._delete_events(stream.id, last)
        async with self._database.begin() as db:
            await db.delete(await _get(db, client_id, stream_id, lock=True))

    async def get_status(self, client_id: str, stream_id: str) -> StatusRead:
        async with self._database.begin() as db:
            return self._views.status(await _get(db, client_id, stream_id))

    async def set_status(self, client_id: str, change: StatusChange) -> StatusRead:
        """Enable, pause or disable the stream. Disabling drops every event that waits in it."""
        async with self._database.begin() as db:
            stream = await _get(db, client_id, change.stream_id, lock=True)
            stream.status, stream.status_reason = change.status, change.reason
            await repository.notify(db)
            last = await repository.last_event_id(db, stream.id)
        if change.status is StreamStatus.DISABLED:
            # No event is added after the commit, unless somebody enables the stream: those are newer, and stay.
            await self._delete_events(stream.id, last)
        return self._views.status(stream)

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
                await repository.enqueue_in(db, stream.id, EventType.VERIFICATION, claims)

    async def _delete_events(self, stream_id: UUID, last: int) -> None:
        """Delete the events up to `last` in portions, since one statement may be too slow for all of them."""
        await delete_in_portions(self._database, lambda db: repository.delete_events(db, stream_id, last))

    def _replace(self, stream: Stream, draft: StreamDraft) -> None:
        self._set_delivery(stream, draft.delivery)
        stream.events_requested = (
            list(self._views.supported) if draft.events_requested is None else draft.events_requested
        )
        stream.description = draft.description

    def _set_delivery(self, stream: Stream, delivery: DeliveryDraft) -> None:
        stream.delivery_method = delivery.method
        stream.push_url = stream.sealed_push_authorization = stream.next_push_at = None
        stream.failed_pushes = 0
        if delivery.method is Delivery.PUSH:
            stream.push_url = _push_url(delivery.endpoint_url, self._addresses)
            if delivery.authorization_header is not None:
                stream.sealed_push_authorization = self._sealer.seal_text(
                    stream.client_id, delivery.authorization_header
                )


async def _get(db: AsyncSession, client_id: str, stream_id: str, *, lock: bool = False) -> Stream:
    known_id = parse_uuid(stream_id)
    stream = await repository.find_stream(db, client_id, known_id, lock=lock) if known_id is not None else None
    if stream is None:
        raise StreamNotFound
    return stream


def _push_url(endpoint_url: str | None, addresses: PushAddresses) -> str:
    """The URL, normalized.

    Raises UnusableEndpoint unless it is https, or http to this very machine, and, if its host is written as an address,
    this is one that events may be pushed to.
    """
    try:
        # Parsed by the library that will push to it.
        url = httpx.URL(endpoint_url or "")
    except httpx.InvalidURL:
        raise UnusableEndpoint from None
    is_safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host))
    if not (is_safe and url.host and (url.port or 1) <= _LAST_PORT) or url.userinfo or url.fragment:
        raise UnusableEndpoint
    if not addresses.may_allow(url.host):
        raise UnusableEndpoint("an address that IDENTITY_PUSH_NETWORKS does not allow")
    return str(url)
