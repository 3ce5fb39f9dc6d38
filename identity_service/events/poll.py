"""Poll delivery (RFC 8936): what waits is sent again and again until it is acknowledged."""

import logging
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from identity_service.audit import repository as audit
from identity_service.events import repository
from identity_service.events.errors import StreamNotFound
from identity_service.events.models import Delivery, Stream, StreamEvent, StreamStatus
from identity_service.events.schemas import Poll, PollAnswer
from identity_service.keys.keyring import Keyring
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.notifications import Doorbell, wait_for

logger = logging.getLogger("identity.events")

MAX_EVENTS = 500
TYPE = "secevent+jwt"


class SetMinter:
    """Signs security event tokens (RFC 8417) when they are sent, with the key whose turn it is then."""

    def __init__(self, issuer: str, keyring: Keyring) -> None:
        self._issuer = issuer
        self._keyring = keyring

    def mint(self, event: StreamEvent, audience: str) -> str:
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": audience,
            "jti": str(event.jti),
            "iat": int(event.created_at.timestamp()),
            **event.claims,
        }
        return self._keyring.signer().sign(claims, TYPE)


async def poll(
    database: Database,
    minter: SetMinter,
    doorbell: Doorbell,
    clock: Clock,
    client_id: str,
    stream_id: UUID,
    asked: Poll,
    patience: float,
) -> PollAnswer:
    """Take the acknowledgements, then answer with what waits; with nothing there, wait up to `patience` seconds, or
    until the process is told to end.

    Raises StreamNotFound for a stream that is not this client's, or is not polled.
    """
    await _settle(database, client_id, stream_id, asked, clock.now())
    limit = MAX_EVENTS if asked.max_events is None else min(asked.max_events, MAX_EVENTS)
    until = time.monotonic() + (0 if asked.return_immediately or limit == 0 else patience)
    rung = doorbell.next_ring()
    events = await _waiting(database, client_id, stream_id, limit)
    # It rings for every stream; what is another's ends no poll of this one.
    while not events and not doorbell.closed and (left := until - time.monotonic()) > 0:
        await wait_for(rung, left)
        rung = doorbell.next_ring()
        events = await _waiting(database, client_id, stream_id, limit)
    sent = events[:limit]
    return PollAnswer(
        sets={str(event.jti): minter.mint(event, client_id) for event in sent}, more_available=len(events) > limit
    )


async def _settle(database: Database, client_id: str, stream_id: UUID, asked: Poll, now: datetime) -> None:
    """Acknowledged or refused, an event is not sent again."""
    acknowledged = [jti for jti in map(_uuid, asked.ack) if jti is not None]
    refused = [jti for jti in map(_uuid, asked.set_errors) if jti is not None]
    async with database.begin() as db:
        stream = await repository.find_stream(db, client_id, stream_id)
        if stream is None or stream.delivery_method != Delivery.POLL:
            raise StreamNotFound
        if acknowledged:
            await repository.acknowledge(db, stream_id, acknowledged, now)
        for jti in await repository.drop(db, stream_id, refused) if refused else []:
            error = asked.set_errors[str(jti)]
            logger.error("a receiver refused an event", extra={"client": client_id, "jti": str(jti), "err": error.err})
            audit.record(db, client_id, "event.refused", jti, err=error.err, description=error.description)


async def _waiting(database: Database, client_id: str, stream_id: UUID, limit: int) -> Sequence[StreamEvent]:
    """One more than asked for tells whether more are there."""
    if limit == 0:
        return []
    async with database.begin() as db:
        stream: Stream | None = await repository.find_stream(db, client_id, stream_id)
        if stream is None:
            raise StreamNotFound
        return await repository.waiting(db, stream_id, limit + 1) if stream.status == StreamStatus.ENABLED else []


def _uuid(text: str) -> UUID | None:
    """Ids that cannot be ours, as we write them, are no matter (RFC 8936 section 2.2)."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None
