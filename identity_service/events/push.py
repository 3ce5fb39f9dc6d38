"""Push delivery (RFC 8935): one event per request, tried again with growing pauses until it is taken.

Streams take turns, and several are pushed at once, so that a receiver that is slow costs no other one anything.
"""

import asyncio
import logging
from datetime import timedelta
from typing import Final

import httpx

from identity_service.audit import repository as audit
from identity_service.events import push_attempts, repository
from identity_service.events.models import Stream, StreamEvent
from identity_service.events.push_attempts import PushAttempt
from identity_service.events.sealed_authorizations import seal_of
from identity_service.events.security_event_tokens import SetMinter, UnsignedSet
from identity_service.events.topics import EVERY_EVENT, Topics
from identity_service.keys.sealing import CannotUnseal, Sealer
from identity_service.outbound.addresses import OutboundAddresses
from identity_service.outbound.client import outbound_client
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.errors import Unavailable
from watchword.lines import quoted
from watchword.tasks import cancel_and_wait, wait_for

logger = logging.getLogger("identity.push")

REQUEST_TIMEOUT_SECONDS: Final = 5.0
MAX_WAIT_SECONDS: Final = 1.0
STREAMS_AT_ONCE: Final = 16
MAX_RETRY_PAUSE: Final = timedelta(minutes=5)
MAX_ERROR_BODY_BYTES: Final = 4_096
MAX_LOGGED_BYTES: Final = 500

# Long enough for a request that times out, and for what is written after it.
LEASE: Final = timedelta(seconds=4 * REQUEST_TIMEOUT_SECONDS)

# RFC 8935 sections 2.2 and 2.3: the receiver has taken the event, or says that it never will.
TAKEN: Final = 202
REFUSED: Final = 400


class Pusher:
    """Runs in every process. A lease in a stream's row lets only one of them push that stream at a time."""

    def __init__(
        self,
        database: Database,
        minter: SetMinter,
        sealer: Sealer,
        topics: Topics,
        clock: Clock,
        *,
        addresses: OutboundAddresses,
    ) -> None:
        self._database = database
        self._minter = minter
        self._sealer = sealer
        self._topics = topics
        self._clock = clock
        self._addresses = addresses

    def client(self) -> httpx.AsyncClient:
        """The client that `push_one` takes."""
        return outbound_client(self._addresses, REQUEST_TIMEOUT_SECONDS)

    async def run(self) -> None:
        """Push every event that waits, until the topics are closed: again whenever one is enqueued or an attempt ends,
        and at least once a second."""
        attempts: set[asyncio.Task[None]] = set()
        with self._topics.subscribe(EVERY_EVENT) as wakeup:
            async with self.client() as http:
                try:
                    while not self._topics.is_closed:
                        wakeup.clear()
                        await self._begin_attempts(http, attempts, wakeup)
                        await wait_for(wakeup, MAX_WAIT_SECONDS)
                    if attempts:
                        await asyncio.wait(attempts)
                finally:
                    await cancel_and_wait(attempts)

    async def push_one(self, http: httpx.AsyncClient) -> bool:
        """Try to deliver the next event of one stream. False if no stream is due."""
        attempt = await self._claim()
        if attempt is None:
            return False
        await self._push(http, attempt)
        return True

    async def _begin_attempts(
        self, http: httpx.AsyncClient, attempts: "set[asyncio.Task[None]]", wakeup: asyncio.Event
    ) -> None:
        """Begin an attempt for each stream that is due, for as many as may be pushed at once."""

        def end(task: "asyncio.Task[None]") -> None:
            attempts.discard(task)
            wakeup.set()

        try:
            while len(attempts) < STREAMS_AT_ONCE and (attempt := await self._claim()) is not None:
                task = asyncio.create_task(self._push_safely(http, attempt))
                attempts.add(task)
                task.add_done_callback(end)
        except Unavailable as error:
            logger.warning("cannot push: %s", error, extra={"reason": error.reason})
        except Exception:
            # The next round may succeed.
            logger.exception("pushing failed")

    async def _push_safely(self, http: httpx.AsyncClient, attempt: PushAttempt) -> None:
        try:
            await self._push(http, attempt)
        except Unavailable as error:
            logger.warning("cannot push: %s", error, extra={"reason": error.reason})
        except Exception:
            # An error in one receiver's stream must not end the pushing to all others.
            logger.exception("pushing failed")

    async def _claim(self) -> PushAttempt | None:
        # Every process looks each second, and mostly finds nothing, which takes one prepared statement.
        if await self._database.reads.fetch_row(push_attempts.DUE, now=self._clock.now()) is None:
            return None
        async with self._database.begin() as db:
            now = self._clock.now()
            return await push_attempts.claim(db, now, lease_until=now + LEASE)

    async def _push(self, http: httpx.AsyncClient, attempt: PushAttempt) -> None:
        stream, event = attempt
        unsigned = UnsignedSet(event.jti, event.created_at, event.claims)
        status = await self._send(http, stream, await self._minter.mint(unsigned, stream.client_id))
        await self._settle(stream, event, status)

    async def _send(self, http: httpx.AsyncClient, stream: Stream, security_event_token: str) -> int | None:
        """The status of the receiver's answer; None if it did not answer."""
        try:
            headers = self._headers(stream)
            request = http.build_request("POST", stream.push_url or "", content=security_event_token, headers=headers)
            async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
                response = await http.send(request, stream=True)
                try:
                    if response.status_code == REFUSED:
                        await _log_refusal(stream, response)
                finally:
                    await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, CannotUnseal) as error:
            fields = {"client": stream.client_id, "error": repr(error)}
            logger.warning("push failed: %s: %s", stream.client_id, quoted(error), extra=fields)
            return None
        return response.status_code

    def _headers(self, stream: Stream) -> dict[str, str]:
        """Raises CannotUnseal."""
        headers = {"Content-Type": "application/secevent+jwt", "Accept": "application/json"}
        if stream.sealed_push_authorization is not None:
            headers["Authorization"] = self._sealer.unseal_text(
                seal_of(stream.client_id), stream.sealed_push_authorization
            )
        return headers

    async def _settle(self, stream: Stream, event: StreamEvent, status: int | None) -> None:
        """End the lease: delete the event if the receiver took or refused it, else set the time of the next try."""
        async with self._database.begin() as db:
            current = await repository.lock_stream(db, stream.id)
            now = self._clock.now()
            if status == TAKEN:
                await repository.acknowledge(db, stream, [event.jti], now)
            if status == REFUSED and await repository.refuse(db, stream, [event.jti]):
                audit.record(db, stream.client_id, "event.refused", event.jti)
            if current is not None:
                is_settled = status in (TAKEN, REFUSED)
                current.failed_pushes = 0 if is_settled else current.failed_pushes + 1
                current.next_push_at = None if is_settled else now + _retry_pause(current.failed_pushes)


async def _log_refusal(stream: Stream, response: httpx.Response) -> None:
    """Log how the receiver explains its refusal; no more than the first bytes of it are read."""
    body = await anext(response.aiter_raw(MAX_ERROR_BODY_BYTES), b"")
    answer = body[:MAX_LOGGED_BYTES]
    fields = {"client": stream.client_id, "answer": answer}
    logger.error("a receiver refused an event: %s: %s", stream.client_id, quoted(answer), extra=fields)


def _retry_pause(failures: int) -> timedelta:
    """One second after the first failure, doubled after each further one, up to MAX_RETRY_PAUSE."""
    return min(timedelta(seconds=2 ** min(failures - 1, 16)), MAX_RETRY_PAUSE)
