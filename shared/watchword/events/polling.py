"""Polling the transmitter's stream: in one process of the service at a time, and again whenever something fails."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

import httpx

from watchword.auth import RemoteKeys
from watchword.auth.background import running
from watchword.clock import Clock
from watchword.database.leader import run_as_leader
from watchword.events.authorized_calls import REQUEST_TIMEOUT_SECONDS, TransmitterAccount
from watchword.events.errors import ClientRefused
from watchword.events.intake import Intake
from watchword.events.security_event import EventReader, ReceivedEvent
from watchword.events.store import Store
from watchword.events.transmitter_client import Receipt, Stream, TransmitterClient
from watchword.http_client.client import open_client
from watchword.observability.logs import new_request_id, request_id
from watchword.tasks import repeat

logger = logging.getLogger("watchword.events")

MAX_EVENTS_PER_POLL: Final = 100
CLEAN_UP_EVERY: Final = timedelta(minutes=5)

SHORTEST_RECONNECT_PAUSE_SECONDS: Final = 0.2
LONGEST_RECONNECT_PAUSE_SECONDS: Final = 5.0

UNSETTLED_PAUSE_SECONDS: Final = 0.5
"""The pause after a poll whose events are not all settled. They are delivered again at once, and must not hold up the
events of others for long."""


class StreamPolls:
    """The polls of one stream over one connection, and what each must tell the transmitter about the one before."""

    def __init__(self, transmitter: TransmitterClient, stream: Stream, reader: EventReader, intake: Intake) -> None:
        self._transmitter = transmitter
        self._stream = stream
        self._reader = reader
        self._intake = intake
        self._receipt = Receipt()
        # The first answer is wanted at once, since it shows that the transmitter is there; the others may take long.
        self._wait = False
        self.has_more = True
        self.all_settled = True

    async def poll(self) -> None:
        """Hand in the last receipt, and apply the events of the answer."""
        request_id.set(new_request_id())
        delivery = await self._transmitter.poll(
            self._stream.url, self._receipt, max_events=MAX_EVENTS_PER_POLL, wait=self._wait
        )
        self._receipt = await self._intake.take(self._reader, delivery.tokens)
        self._wait = True
        self.has_more = delivery.has_more
        self.all_settled = len(self._receipt) == len(delivery.tokens)


class Poller:
    """Polls the transmitter whenever this process leads, and lets another one do so when this one cannot."""

    def __init__(
        self,
        account: TransmitterAccount,
        store: Store,
        apply: Callable[[ReceivedEvent], Awaitable[None]],
        *,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None,
        further_types: Sequence[str] = (),
    ) -> None:
        self._account = account
        self._further_types = further_types
        self._store = store
        self._intake = Intake(apply)
        self._clock = clock
        self._transport = transport
        self._pause_seconds = SHORTEST_RECONNECT_PAUSE_SECONDS
        self.caught_up = asyncio.Event()
        """Set when a start has nothing more to wait for: this process has failed to receive what was there, or another
        process is receiving. The receiver sets it too, when this process knows of everything that was received."""
        self.refusal: ClientRefused | None = None
        """Set while the issuer refuses this client, as far as this process knows."""

    async def run(self) -> None:
        """Poll until the task is cancelled."""
        await repeat(self._lead_and_poll, self._next_pause, logger, name="receiving security events")

    def _next_pause(self) -> float:
        """Twice as long each time, until the transmitter answers and everything it sends can be settled."""
        pause = self._pause_seconds
        self._pause_seconds = min(pause * 2, LONGEST_RECONNECT_PAUSE_SECONDS)
        return pause

    async def _lead_and_poll(self) -> None:
        name = f"{self._store.tables.schema} receiver"
        try:
            # What another process receives is in the table, and every process is notified of it.
            await run_as_leader(
                self._store.database.dsn, name, self._connect_and_poll, on_other_leader=self.caught_up.set
            )
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
            transmitter = TransmitterClient(http, self._account)
            # No cooldown: during one, an event signed by a new key would be refused forever. Strangers cannot cause
            # fetches, since only the transmitter names keys here.
            keys = RemoteKeys(await transmitter.discover(), transport=self._transport, cooldown=0)
            async with running(keys):
                stream = await transmitter.find_or_create_stream(self._further_types)
                reader = EventReader(keys, self._account.issuer, stream.audience)
                await self._poll_forever(StreamPolls(transmitter, stream, reader, self._intake))

    async def _poll_forever(self, polls: StreamPolls) -> None:
        clean_up_at = self._clock.now()
        while True:
            await polls.poll()
            self.note_contact()
            now = self._clock.now()
            await self._store.note_contact(self._account.issuer, now, has_more=polls.has_more)
            if now >= clean_up_at:
                has_more = await self._store.delete_expired(now)
                clean_up_at = now if has_more else now + CLEAN_UP_EVERY
            if polls.all_settled:
                self._pause_seconds = SHORTEST_RECONNECT_PAUSE_SECONDS
            else:
                await asyncio.sleep(UNSETTLED_PAUSE_SECONDS)
