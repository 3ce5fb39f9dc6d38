"""Polling the transmitter: when it is this process's turn, and again whenever something fails."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import httpx

from watchword.auth import RemoteKeys
from watchword.auth.background import running
from watchword.clock import Clock
from watchword.events.acknowledgements import Acknowledgements
from watchword.events.authorized_calls import REQUEST_TIMEOUT_SECONDS, CachedToken, TransmitterAccount
from watchword.events.errors import ClientRefused, TransmitterUnavailable
from watchword.events.intake import Intake
from watchword.events.poll_pace import PollPace
from watchword.events.security_event import EventReader
from watchword.events.stream_polls import StreamPolls
from watchword.events.stream_status import StreamStatus
from watchword.events.transmitter_client import TransmitterClient
from watchword.events.turn import Turn
from watchword.http_client.client import open_client
from watchword.observability.logs import new_request_id, request_id
from watchword.tasks import repeat, run_until_first

logger = logging.getLogger("watchword.events")

SHORTEST_RECONNECT_PAUSE_SECONDS: Final = 0.2
LONGEST_RECONNECT_PAUSE_SECONDS: Final = 1.0


class Poller:
    """Connects to the transmitter when `turn` says so, polls, and connects anew after a failure.

    `refuses_key` says whether a key of the transmitter was withdrawn.
    """

    def __init__(
        self,
        account: TransmitterAccount,
        intake: Intake,
        acknowledgements: Acknowledgements,
        turn: Turn,
        *,
        refuses_key: Callable[[str], bool],
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self._account = account
        self._intake = intake
        self._acknowledgements = acknowledgements
        self._turn = turn
        self._refuses_key = refuses_key
        self._clock = clock
        self._transport = transport
        self._token = CachedToken()
        self._pace = PollPace()
        self.stream_status = StreamStatus(account.client_id)
        self._pause_seconds = SHORTEST_RECONNECT_PAUSE_SECONDS
        self.refusal: ClientRefused | None = None
        """Set while the issuer refuses this client, as far as this process knows."""

    async def run(self) -> None:
        """Poll until the task is cancelled."""
        await repeat(self._take_turn, self._next_pause, logger, name="receiving security events")

    def _next_pause(self) -> float:
        """Twice as long each time, until the transmitter answers."""
        pause = self._pause_seconds
        self._pause_seconds = min(pause * 2, LONGEST_RECONNECT_PAUSE_SECONDS)
        return pause

    async def _take_turn(self) -> None:
        try:
            await self._turn.run(self._connect_and_poll)
        except ClientRefused as refusal:
            self._note_refusal(refusal)

    def _note_refusal(self, refusal: ClientRefused) -> None:
        """Keep the refusal, and log it unless the one before had the same code."""
        if self.refusal is None or self.refusal.error != refusal.error:
            logger.warning(
                "%s; until it is accepted, nothing is learned here of what the issuer revokes", refusal.reason
            )
        self.refusal = refusal

    def note_contact(self) -> None:
        """Note that the issuer has answered a poll of this client, in this process or in another one."""
        if self.refusal is not None:
            logger.warning("the issuer %s accepts the client %s", self._account.issuer, self._account.client_id)
        self.refusal = None

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[TransmitterClient]:
        """A new connection for the block. The access token outlasts it."""
        async with open_client(self._transport, timeout=REQUEST_TIMEOUT_SECONDS) as http:
            yield TransmitterClient(http, self._account, self._token)

    async def _connect_and_poll(self) -> None:
        request_id.set(new_request_id())
        async with self.connection() as transmitter:
            with self._failures_noted():
                url = await transmitter.discover()
            # No cooldown: during one, an event signed by a new key would be refused forever. Strangers cannot cause
            # fetches, since only the transmitter names keys here.
            keys = RemoteKeys(url, transport=self._transport, cooldown=0)
            async with running(keys):
                with self._failures_noted():
                    stream = await self._turn.open_stream(transmitter)
                reader = EventReader(keys, self._account.issuer, stream.audience, refuses_key=self._refuses_key)
                polls = StreamPolls(
                    transmitter,
                    stream,
                    reader,
                    self._intake,
                    self._pace,
                    clock=self._clock,
                    count_unacknowledged=self._count_unacknowledged,
                    is_stopped=lambda: self.stream_status.is_stopped,
                )
                await run_until_first(
                    self._poll_forever(polls),
                    self._acknowledgements.run(transmitter, stream),
                    self.stream_status.watch(transmitter, stream),
                )

    @contextmanager
    def _failures_noted(self) -> Iterator[None]:
        try:
            yield
        except TransmitterUnavailable:
            self._pace.note_failure()
            raise

    def _count_unacknowledged(self) -> int:
        """How many events the transmitter may send again, since they are not acknowledged yet."""
        return len(self._acknowledgements) + self._intake.pending

    async def _poll_forever(self, polls: StreamPolls) -> None:
        while True:
            await polls.poll(may_wait=self._turn.may_wait())
            self.note_contact()
            await self._turn.note_answer(polls)
            self._pause_seconds = SHORTEST_RECONNECT_PAUSE_SECONDS
            await asyncio.sleep(polls.pause_seconds)
