"""What a receiver can do with its stream (SSF 1.0 section 8)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import httpx
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.events import repository
from identity_service.events.errors import StreamExists, StreamNotFound, UnusableEndpoint, VerifiedTooOften
from identity_service.events.models import Delivery, Stream, StreamStatus
from identity_service.events.schemas import DeliveryWanted, StatusWanted, StreamChanges, StreamWanted
from identity_service.keys.sealing import Sealer
from watchword.database.database import Database, violates
from watchword.events.types import SUPPORTED, EventType

MIN_VERIFICATION_INTERVAL: Final = timedelta(seconds=1)
_LAST_PORT: Final = 65_535


async def create(database: Database, sealer: Sealer, client_id: str, wanted: StreamWanted) -> Stream:
    """The stream of a receiver; it has one. Raises StreamExists, UnusableEndpoint."""
    requested = list(SUPPORTED) if wanted.events_requested is None else wanted.events_requested
    stream = Stream(client_id=client_id, description=wanted.description, events_requested=requested)
    _deliver(stream, sealer, wanted.delivery)
    try:
        async with database.begin() as db:
            db.add(stream)
    except IntegrityError as error:
        if violates(error, "streams_client_id_key"):
            raise StreamExists from error
        raise
    return stream


async def get(database: Database, client_id: str, stream_id: UUID) -> Stream:
    async with database.begin() as db:
        return await _get(db, client_id, stream_id)


async def list_streams(database: Database, client_id: str) -> Sequence[Stream]:
    async with database.begin() as db:
        return await repository.streams_of(db, client_id)


async def change(database: Database, sealer: Sealer, client_id: str, changes: StreamChanges) -> Stream:
    """Change the members that are given."""
    async with database.begin() as db:
        stream = await _get(db, client_id, changes.stream_id, lock=True)
        if changes.delivery is not None:
            _deliver(stream, sealer, changes.delivery)
        if changes.events_requested is not None:
            stream.events_requested = changes.events_requested
        if "description" in changes.model_fields_set:
            stream.description = changes.description
    return stream


async def replace(database: Database, sealer: Sealer, client_id: str, stream_id: UUID, wanted: StreamWanted) -> Stream:
    """Make it exactly what is wanted."""
    async with database.begin() as db:
        stream = await _get(db, client_id, stream_id, lock=True)
        _deliver(stream, sealer, wanted.delivery)
        stream.events_requested = list(SUPPORTED) if wanted.events_requested is None else wanted.events_requested
        stream.description = wanted.description
    return stream


async def delete(database: Database, client_id: str, stream_id: UUID) -> None:
    """The stream with everything that waits in it."""
    async with database.begin() as db:
        await db.delete(await _get(db, client_id, stream_id, lock=True))


async def set_status(database: Database, client_id: str, wanted: StatusWanted) -> Stream:
    """Pause keeps what happens for later; disable drops it, with what waits."""
    async with database.begin() as db:
        stream = await _get(db, client_id, wanted.stream_id, lock=True)
        stream.status, stream.status_reason = wanted.status, wanted.reason
        if wanted.status is StreamStatus.DISABLED:
            await repository.empty(db, stream.id)
        await repository.notify(db)
    return stream


async def verify(database: Database, client_id: str, stream_id: UUID, state: str | None, now: datetime) -> None:
    """Send a verification event through the stream, unless it is disabled. Raises VerifiedTooOften."""
    async with database.begin() as db:
        stream = await _get(db, client_id, stream_id, lock=True)
        if stream.verified_at is not None and now - stream.verified_at < MIN_VERIFICATION_INTERVAL:
            raise VerifiedTooOften
        stream.verified_at = now
        if stream.status == StreamStatus.DISABLED:
            return
        claims: dict[str, Any] = {
            "sub_id": {"format": "opaque", "id": str(stream.id)},
            "events": {EventType.VERIFICATION: {} if state is None else {"state": state}},
        }
        await repository.add_to(db, stream.id, EventType.VERIFICATION, claims)


def delivered(stream: Stream) -> list[str]:
    """What is both asked for and offered."""
    return [kind for kind in SUPPORTED if kind in stream.events_requested]


async def _get(db: AsyncSession, client_id: str, stream_id: UUID, *, lock: bool = False) -> Stream:
    stream = await repository.find_stream(db, client_id, stream_id, lock=lock)
    if stream is None:
        raise StreamNotFound
    return stream


def _deliver(stream: Stream, sealer: Sealer, wanted: DeliveryWanted) -> None:
    stream.delivery_method = wanted.method
    stream.push_url = stream.sealed_push_authorization = stream.next_push_at = None
    stream.failed_pushes = 0
    if wanted.method is Delivery.PUSH:
        stream.push_url = _usable(wanted.endpoint_url)
        if wanted.authorization_header is not None:
            stream.sealed_push_authorization = sealer.seal_text(stream.client_id, wanted.authorization_header)


def _usable(url: str | None) -> str:
    """An https URL, or http on this very machine; without user information or fragment."""
    try:
        # Read as the pusher's client will read it.
        parts = httpx.URL(url or "")
    except httpx.InvalidURL:
        raise UnusableEndpoint from None
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.host in ("localhost", "127.0.0.1", "::1"))
    if not (is_safe and parts.host and (parts.port or 1) <= _LAST_PORT) or parts.userinfo or parts.fragment:
        raise UnusableEndpoint
    return str(parts)
