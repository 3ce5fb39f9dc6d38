"""Poll delivery (RFC 8936): an event is sent again and again until the receiver acknowledges it."""

import logging
import time
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.audit import repository as audit
from identity_service.events import repository
from identity_service.events.errors import StreamNotFound
from identity_service.events.models import Delivery, StreamEvent, StreamStatus
from identity_service.events.schemas import PollAnswer, PollRequest, SetError
from identity_service.events.security_event_tokens import SetMinter
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.notifications import Doorbell, wait_for
from watchword.ids import parse_uuid
from watchword.lines import quoted

logger = logging.getLogger("identity.events")

MAX_EVENTS: Final = 500


class PollDelivery:
    """Answers polls. `doorbell` rings when events have been enqueued, for any stream."""

    def __init__(
        self, database: Database, minter: SetMinter, doorbell: Doorbell, clock: Clock, long_poll_seconds: float
    ) -> None:
        self._database = database
        self._minter = minter
        self._doorbell = doorbell
        self._clock = clock
        self._long_poll_seconds = long_poll_seconds

    async def poll(self, client_id: str, written_id: str, request: PollRequest) -> PollAnswer:
        """Take the acknowledgements, then answer with the oldest events that wait.

        If none waits, wait for one: no longer than `long_poll_seconds`, nor when the process is shutting down.
        Raises StreamNotFound, also for a stream that is pushed.
        """
        stream_id = parse_uuid(written_id)
        if stream_id is None:
            raise StreamNotFound
        await self._settle(client_id, stream_id, request)
        limit = MAX_EVENTS if request.max_events is None else min(request.max_events, MAX_EVENTS)
        is_long = limit > 0 and not request.return_immediately
        deadline = time.monotonic() + (self._long_poll_seconds if is_long else 0)
        next_ring = self._doorbell.next_ring()
        events = await self._read(client_id, stream_id, limit)
        # The bell rings for every stream: a ring without an event in this one does not end the poll.
        while not events and not self._doorbell.closed and (left := deadline - time.monotonic()) > 0:
            await wait_for(next_ring, left)
            next_ring = self._doorbell.next_ring()
            events = await self._read(client_id, stream_id, limit)
        sets = {str(event.jti): self._minter.mint(event, client_id) for event in events[:limit]}
        return PollAnswer(sets=sets, more_available=len(events) > limit)

    async def _settle(self, client_id: str, stream_id: UUID, request: PollRequest) -> None:
        """Delete the events that the receiver acknowledges or refuses."""
        acknowledged, refused = _parse_ids(request.ack), _parse_ids(request.set_errors)
        async with self._database.begin() as db:
            stream = await repository.find_stream(db, client_id, stream_id)
            if stream is None or stream.delivery_method != Delivery.POLL:
                raise StreamNotFound
            if acknowledged:
                await repository.acknowledge(db, stream_id, acknowledged, self._clock.now())
            for jti, kind in await repository.refuse(db, stream_id, refused) if refused else []:
                _record_refusal(db, client_id, jti, kind, request.set_errors[str(jti)])

    async def _read(self, client_id: str, stream_id: UUID, limit: int) -> Sequence[StreamEvent]:
        """The next events to send, and one more than `limit` if there are more."""
        if limit == 0:
            return []
        async with self._database.begin() as db:
            stream = await repository.find_stream(db, client_id, stream_id)
            if stream is None:
                raise StreamNotFound
            is_enabled = stream.status == StreamStatus.ENABLED
            return await repository.next_events(db, stream_id, limit + 1) if is_enabled else []


def _record_refusal(db: AsyncSession, client_id: str, jti: UUID, kind: str, error: SetError) -> None:
    # The description may quote the event, and the audit outlives the account.
    description = {"description": error.description} if kind in repository.TYPES_TO_OBEY else {}
    audit.record(db, client_id, "event.refused", jti, err=error.err, **description)
    fields = {"client": client_id, "jti": str(jti), "err": error.err}
    explanation = quoted(f"{error.err}: {error.description}")
    logger.error("a receiver refused an event: %s: %s", client_id, explanation, extra=fields)


def _parse_ids(texts: Iterable[str]) -> list[UUID]:
    # Ignore ids that we cannot have issued, as RFC 8936 section 2.2 says.
    return [jti for jti in map(parse_uuid, texts) if jti is not None]
