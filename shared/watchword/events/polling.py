"""Polling the transmitter's stream: in the process that has the lease, and again whenever something fails."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import httpx

from watchword.auth import RemoteKeys
from watchword.auth.background import running
from watchword.clock import Clock
from watchword.events.authorized_calls import REQUEST_TIMEOUT_SECONDS, KeptToken, TransmitterAccount
from watchword.events.errors import ClientRefused, TransmitterUnavailable
from watchword.events.intake import Intake
from watchword.events.outbox import Outbox
from watchword.events.pace import Pace
from watchword.events.poll_lease import PollLease
from watchword.events.security_event import EventReader
from watchword.events.store import ReceiverStore
from watchword.events.stream_polls import StreamPolls
from watchword.events.transmitter_client import TransmitterClient
from watchword.http_client.client import open_client
from watchword.observability.logs import new_request_id, request_id
from watchword.tasks import repeat, run_until_first

logger = logging.getLogger("watchword.events")

CLEAN_UP_EVERY: Final = timedelta(minutes=5)
CLEAN_UP_CHECK_SECONDS: Final = 1.0

SHORTEST_RECONNECT_PAUSE_SECONDS: Final = 0.2
LONGEST_RECONNECT_PAUSE_SECONDS: Final = 1.0


class Poller:
    """Polls the transmitter whenever this process has the lease, and lets another one do so when this one cannot.

    `look` is awaited when everything has been received that was there, so that this process knows it too; `refuses_key`
    says whether a key of the transmitter was withdrawn.
    """

    def __init__(
        self,
        account: TransmitterAccount,
        store: ReceiverStore,
        intake: Intake,
        outbox: Outbox,
        lease: PollLease,
        *,
        look: Callable[[], Awaitable[None]],
        refuses_key: Callable[[str], bool],
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None,
        further_types: Sequence[str] = (),
    ) -> None:
        self._account = account
        self._further_types = further_types
        self._store = store
        self._intake = intake
        self._outbox = outbox
        self._lease = lease
        self._look = look
        self._refuses_key = refuses_key
        self._clock = clock
        self._transport = transport
        self._token = KeptToken()
        self._pace = Pace()
        self._pause_seconds = SHORTEST_RECONNECT_PAUSE_SECONDS
        self._clean_up_at = clock.now()
        self.caught_up = asyncio.Event()
        """Set when a start has nothing more to wait for: this process knows of everything that was there, or has failed
        to receive it, or another process is receiving."""
        self.refusal: ClientRefused | None = None
        """Set while the issuer refuses this client, as far as this process knows."""

    async def run(self) -> None:
        """Poll until the task is cancelled."""
        await repeat(self._hold_and_poll, self._next_pause, logger, name="receiving security events")

    def _next_pause(self) -> float:
        """Twice as long each time, until the transmitter answers."""
        pause = self._pause_seconds
        self._pause_seconds = min(pause * 2, LONGEST_RECONNECT_PAUSE_SECONDS)
        return pause

    async def _hold_and_poll(self) -> None:
        try:
            # What another process receives is in the table, and every process is notified of it.
            await self._lease.hold(self._connect_and_poll, on_other_holder=self.caught_up.set)
        except ClientRefused as refusal:
            self._note_refusal(refusal)
        finally:
            self.caught_up.set()

    def _note_refusal(self, refusal: ClientRefused) -> None:
        """Keep the refusal, and log it unless the one before had the same code."""
        if self.refusal is None or self.refusal.error != refusal.error:
            logger.warning(
                "%s; until it is accepted, tokens that the issuer revokes are still accepted here", refusal.reason
            )
        self.refusal = refusal

    def note_contact(self) -> None:
        """Note that the issuer has answered a poll of this client, in this process or in another one."""
        if self.refusal is not None:
            logger.warning("the issuer %s accepts the client %s", self._account.issuer, self._account.client_id)
        self.refusal = None

    async def _connect_and_poll(self) -> None:
        request_id.set(new_request_id())
        async with open_client(self._transport, timeout=REQUEST_TIMEOUT_SECONDS) as http:
            transmitter = TransmitterClient(http, self._account, self._token)
            with self._failures_noted():
                url = await transmitter.discover()
            # No cooldown: during one, an event signed by a new key would be refused forever. Strangers cannot cause
            # fetches, since only the transmitter names keys here.
            keys = RemoteKeys(url, transport=self._transport, cooldown=0)
            async with running(keys):
                with self._failures_noted():
                    stream = await transmitter.find_or_create_stream(self._further_types)
                reader = EventReader(keys, self._account.issuer, stream.audience, refuses_key=self._refuses_key)
                polls = StreamPolls(
                    transmitter, stream, reader, self._intake, self._pace, clock=self._clock, already=self._already
                )
                # Each of them alone, so that none is held up by the others.
                await run_until_first(
                    self._poll_forever(polls), self._outbox.run(transmitter, stream), self._clean_up_forever()
                )

    @contextmanager
    def _failures_noted(self) -> Iterator[None]:
        try:
            yield
        except TransmitterUnavailable:
            self._pace.note_failure()
            raise

    def _already(self) -> int:
        """How many events the transmitter may send again, since they are not acknowledged yet."""
        return len(self._outbox) + self._intake.pending

    async def _clean_up_forever(self) -> None:
        await repeat(self._clean_up, lambda: CLEAN_UP_CHECK_SECONDS, logger, name="deleting what has expired")

    async def _clean_up(self) -> None:
        now = self._clock.now()
        while now >= self._clean_up_at:
            if not await self._store.delete_expired(now):
                self._clean_up_at = now + CLEAN_UP_EVERY

    async def _poll_forever(self, polls: StreamPolls) -> None:
        while True:
            await polls.poll()
            self.note_contact()
            await self._store.note_contact(polls.clock_offset, has_more=polls.has_more)
            self._pause_seconds = SHORTEST_RECONNECT_PAUSE_SECONDS
            if not polls.has_more and not self.caught_up.is_set():
                await self._look()
                self.caught_up.set()
            await asyncio.sleep(polls.pause_seconds)
