"""Poll delivery (RFC 8936): an event is sent again and again until the receiver acknowledges it."""

import logging
import time
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.audit import repository as audit
from identity_service.events import poll_statements, repository
from identity_service.events.errors import StreamNotFound
from identity_service.events.models import Delivery
from identity_service.events.schemas import PollAnswer, PollRequest, SetError
from identity_service.events.security_event_tokens import SetMinter, UnsignedSet
from identity_service.events.topics import Topics, events_in
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.ids import parse_uuid
from watchword.lines import quoted
from watchword.tally import Tally
from watchword.tasks import wait_for

logger = logging.getLogger("identity.events")

MAX_EVENTS: Final = 500


class _Poll(NamedTuple):
    """One poll. `number` is None if it may not wait, else that of the poll: a higher one in the stream ends it."""

    client_id: str
    stream_id: UUID
    limit: int
    number: int | None


class PollDelivery:
    """Answers polls. A stream has one poll that waits: a newer one ends it, on any replica.

    `outcomes` counts the polls by how they ended: with events, empty, or ended by a newer one.
    """

    def __init__(
        self, database: Database, minter: SetMinter, topics: Topics, clock: Clock, long_poll_seconds: float
    ) -> None:
        self._database = database
        self._minter = minter
        self._topics = topics
        self._clock = clock
        self._long_poll_seconds = long_poll_seconds
        self.outcomes = Tally("events", "empty", "superseded")

    async def poll(self, client_id: str, written_id: str, request: PollRequest) -> PollAnswer:
        """Take the acknowledgements, then answer with events that wait.

        If none waits, wait for one: no longer than `long_poll_seconds`, nor when the process is shutting down or a
        newer poll of the stream waits. Raises StreamNotFound, also for a stream that is pushed.
        """
        stream_id = parse_uuid(written_id)
        if stream_id is None:
            raise StreamNotFound
        if request.ack or request.set_errors:
            await self._settle(client_id, stream_id, request)
        limit = MAX_EVENTS if request.max_events is None else min(request.max_events, MAX_EVENTS)
        poll = await self._begin(client_id, stream_id, limit, may_wait=limit > 0 and not request.return_immediately)
        events = await self._await_events(poll)
        sets = {str(row["jti"]): await self._minter.mint(_unsigned(row), client_id) for row in events[:limit]}
        if sets:
            ids = [row["id"] for row in events[:limit]]
            await self._database.reads.fetch_row(poll_statements.MARK_SENT, ids=ids)
        return PollAnswer(sets=sets, more_available=len(events) > limit, sent_at=self._clock.now().timestamp())

    async def _begin(self, client_id: str, stream_id: UUID, limit: int, *, may_wait: bool) -> _Poll:
        statement = poll_statements.BEGIN_WAIT if may_wait else poll_statements.PUT_OFF_LAPSE
        row = await self._database.reads.fetch_row(statement, client_id=client_id, stream_id=stream_id)
        if may_wait and row is None:
            raise StreamNotFound
        if may_wait:
            # The poll before it may wait in this process; in another one, it looks by itself when its time is over.
            self._topics.wake(events_in(stream_id))
        return _Poll(client_id, stream_id, limit, row["result"] if may_wait and row is not None else None)

    async def _await_events(self, poll: _Poll) -> Sequence[asyncpg.Record]:
        deadline = time.monotonic() + (0 if poll.number is None else self._long_poll_seconds)
        with self._topics.subscribe(events_in(poll.stream_id)) as wakeup:
            while True:
                wakeup.clear()
                rows = await self._read(poll)
                if poll.number is not None and rows[0]["waiting_poll"] > poll.number:
                    self.outcomes["superseded"] += 1
                    return []
                events = [row for row in rows if row["id"] is not None]
                if events or self._topics.is_closed or time.monotonic() >= deadline:
                    self.outcomes["events" if events else "empty"] += 1
                    return events
                # Looked at once more when the time is over, so that a lost notification costs no more than that.
                await wait_for(wakeup, deadline - time.monotonic())

    async def _read(self, poll: _Poll) -> Sequence[asyncpg.Record]:
        """The next events, one more than the limit if there are more; a single row without an event if none is due."""
        rows = await self._database.reads.fetch_rows(
            poll_statements.NEXT_EVENTS,
            client_id=poll.client_id,
            stream_id=poll.stream_id,
            sends_again=poll.number is None,
            limit=poll.limit + 1 if poll.limit else 0,
        )
        if not rows:
            raise StreamNotFound
        return rows

    async def _settle(self, client_id: str, stream_id: UUID, request: PollRequest) -> None:
        """Delete the events that the receiver acknowledges or refuses."""
        acknowledged, refused = _parse_ids(request.ack), _parse_ids(request.set_errors)
        async with self._database.begin() as db:
            stream = await repository.find_stream(db, client_id, stream_id)
            if stream is None or stream.delivery_method != Delivery.POLL:
                raise StreamNotFound
            if acknowledged:
                await repository.acknowledge(db, stream, acknowledged, self._clock.now())
            for jti, kind in await repository.refuse(db, stream, refused) if refused else []:
                _record_refusal(db, client_id, jti, kind, request.set_errors[str(jti)])


def _unsigned(row: asyncpg.Record) -> UnsignedSet:
    return UnsignedSet(row["jti"], row["created_at"], orjson.loads(row["claims"]))


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
