"""Push delivery (RFC 8935): one event a request, in order, tried again with growing pauses until it is taken."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.audit import repository as audit
from identity_service.events import repository
from identity_service.events.models import Delivery, Stream, StreamEvent, StreamStatus
from identity_service.events.poll import SetMinter
from identity_service.keys.sealing import Sealer
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.notifications import Doorbell, wait_for
from watchword.errors import Unavailable
from watchword.http_client.tls import ssl_context

logger = logging.getLogger("identity.push")

TIMEOUT_SECONDS: Final = 5.0
IDLE_SECONDS: Final = 1.0
MAX_ERROR_BODY_BYTES: Final = 4_096
LEASE: Final = timedelta(seconds=4 * TIMEOUT_SECONDS)
LONGEST_PAUSE: Final = timedelta(minutes=5)

# RFC 8935 sections 2.2 and 2.3: the receiver has it, or has said that it never will.
TAKEN: Final = 202
REFUSED: Final = 400


class Pusher:
    """Works in every process; a lease on the stream's row sees to it that one of them pushes it at a time."""

    def __init__(
        self,
        database: Database,
        minter: SetMinter,
        sealer: Sealer,
        doorbell: Doorbell,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._database = database
        self._minter = minter
        self._sealer = sealer
        self._doorbell = doorbell
        self._clock = clock
        self._transport = transport

    async def run(self) -> None:
        """Push what waits, for as long as the task lives."""
        async with httpx.AsyncClient(
            transport=self._transport, verify=ssl_context(), timeout=TIMEOUT_SECONDS, trust_env=False
        ) as http:
            while not self._doorbell.closed:
                rung = self._doorbell.next_ring()
                try:
                    while await self.push_one(http):
                        pass
                except Unavailable as error:
                    logger.warning("cannot push", extra={"reason": error.reason})
                except Exception:
                    # What one receiver's stream brings about must not end the pushing to all others.
                    logger.exception("pushing failed")
                await wait_for(rung, IDLE_SECONDS)

    async def push_one(self, http: httpx.AsyncClient) -> bool:
        """Try to deliver the oldest event of a stream whose turn it is; whether there was one."""
        async with self._database.begin() as db:
            found = await _claim(db, self._clock.now())
        if found is None:
            return False
        stream, event = found
        status = await self._deliver(http, stream, self._minter.mint(event, stream.client_id))
        now = self._clock.now()
        is_settled = status in (TAKEN, REFUSED)
        async with self._database.begin() as db:
            current = await db.get(Stream, stream.id, with_for_update=True)
            if status == TAKEN:
                await repository.acknowledge(db, stream.id, [event.jti], now)
            if status == REFUSED and await repository.drop(db, stream.id, [event.jti]):
                audit.record(db, stream.client_id, "event.refused", event.jti)
            if current is not None:
                current.failed_pushes = 0 if is_settled else current.failed_pushes + 1
                current.next_push_at = None if is_settled else now + _pause(current.failed_pushes)
        return True

    async def _deliver(self, http: httpx.AsyncClient, stream: Stream, token: str) -> int | None:
        """The status of the receiver's answer; None where there was none."""
        headers = {"Content-Type": "application/secevent+jwt", "Accept": "application/json"}
        if stream.sealed_push_authorization is not None:
            headers["Authorization"] = self._sealer.unseal_text(stream.client_id, stream.sealed_push_authorization)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                async with http.stream("POST", stream.push_url or "", content=token, headers=headers) as answer:
                    # What a receiver says is for the log, and no more of it is read.
                    words = (
                        b""
                        if answer.status_code != REFUSED
                        else await anext(answer.aiter_raw(MAX_ERROR_BODY_BYTES), b"")
                    )
        except (httpx.HTTPError, TimeoutError) as error:
            logger.warning("push failed", extra={"client": stream.client_id, "error": repr(error)})
            return None
        if answer.status_code == REFUSED:
            logger.error("a receiver refused an event", extra={"client": stream.client_id, "answer": words[:500]})
        return answer.status_code


async def _claim(db: AsyncSession, now: datetime) -> tuple[Stream, StreamEvent] | None:
    """A stream whose turn it is, with its oldest event; for the length of the lease nobody else gets this stream."""
    has_events = select(StreamEvent.id).where(StreamEvent.stream_id == Stream.id).exists()
    due = (
        select(Stream)
        .where(
            Stream.delivery_method == Delivery.PUSH,
            Stream.status == StreamStatus.ENABLED,
            (Stream.next_push_at.is_(None)) | (Stream.next_push_at <= now),
            has_events,
        )
        .order_by(Stream.next_push_at.nulls_first(), Stream.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    stream = await db.scalar(due)
    if stream is None:
        return None
    stream.next_push_at = now + LEASE
    events = await repository.waiting(db, stream.id, 1)
    return (stream, events[0]) if events else None


def _pause(failures: int) -> timedelta:
    return min(timedelta(seconds=2 ** min(failures - 1, 16)), LONGEST_PAUSE)
