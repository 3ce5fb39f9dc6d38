"""The receiver of a service with PostgreSQL, whose processes share one stream and what it brings.

One process polls the transmitter. What an event revokes is committed alone, and every process looks for it; an event is
acknowledged when all of them have applied it and its effect has happened.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

import httpx
import orjson

from watchword.auth.revocations import Revocations
from watchword.database import Listener
from watchword.errors import Unavailable
from watchword.events.authorized_calls import TransmitterAccount
from watchword.events.effects import ensure_effects
from watchword.events.poll_lease import PollLease
from watchword.events.postgres_store import PostgresStore
from watchword.events.process_lease import ProcessLease
from watchword.events.receiver import FIRST_POLL_TIMEOUT_SECONDS, Receiver
from watchword.events.security_event import ReceivedEvent
from watchword.events.store import Effect, LookResult, PendingEffects
from watchword.events.tables import Signal
from watchword.events.turn import SharedTurn
from watchword.events.types import EventType
from watchword.lines import one_line
from watchword.tasks import cancel_and_wait, wait_for

logger = logging.getLogger("watchword.events")

START_TIMEOUT_SECONDS: Final = 15.0
"""How long a start waits for the database."""


class PostgresReceiver(Receiver):
    """A receiver that shares a `PostgresStore` with the other processes of its service.

    `effects` are what events mean beyond the revocation of tokens, by their type. Raises ValueError for one that would
    never be called.
    """

    def __init__(
        self,
        account: TransmitterAccount,
        store: PostgresStore,
        revocations: Revocations,
        effects: Mapping[str, Effect] | None = None,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        **options: Any,
    ) -> None:
        super().__init__(account, revocations, **options)
        effects = dict(effects or {})
        ensure_effects(effects)
        self._pending = PendingEffects()
        self._loaded = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._add_parts(account, store, effects, transport)

    def _add_parts(
        self,
        account: TransmitterAccount,
        store: PostgresStore,
        effects: Mapping[str, Effect],
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        async def carry_out(received: ReceivedEvent) -> bool:
            return await store.carry_out(received, effects[received.type])

        self._store = store
        self._lease = ProcessLease(store, self.revocations, self._clock, self._refusal_delay, self._note_result)
        self._poll_lease = PollLease(store, lambda: self._lease.lacks_positions)
        self._take_into(store, carry_out, effects)
        further_types = [kind for kind in effects if kind not in tuple(EventType)]
        self._turn = SharedTurn(
            store, self._poll_lease, look=self._lease.look, clock=self._clock, further_types=further_types
        )
        self._poll_in(self._turn, account, transport)
        tables = store.tables
        signals = {tables.signals: self._on_signal}
        self._listener = Listener(store.database.dsn, tables.channel, self._on_notification, self.load, signals)

    @property
    def pending_effects(self) -> PendingEffects:
        """What is refused in this service and has not had its effect yet, in whichever process."""
        return self._pending

    def is_current(self) -> bool:
        """Whether this process's lease runs: then its memory has everything that others count as obeyed."""
        return self._lease.is_current()

    async def catch_up(self) -> None:
        """Renew the lease, and apply what was revoked meanwhile. Raises Unavailable, and NotStarted."""
        self._ensure_started()
        await self._lease.catch_up()

    def _is_started(self) -> bool:
        return self._loaded.is_set()

    async def start(self) -> None:
        """Return when this process listens, has its lease and knows everything that was revoked before, also while no
        process of the service was running. A transmitter that does not answer is tried once, and not waited for longer
        than `FIRST_POLL_TIMEOUT_SECONDS`.

        Raises TimeoutError if the database does not answer.
        """
        self._begin()
        self._loaded.clear()
        self._turn.caught_up.clear()
        works = self._listener.run(), self._lease.run(), self._poller.run()
        self._tasks = [asyncio.create_task(work) for work in works]
        async with asyncio.timeout(START_TIMEOUT_SECONDS):
            await self._loaded.wait()
        await wait_for(self._turn.caught_up, FIRST_POLL_TIMEOUT_SECONDS)

    async def stop(self) -> None:
        await cancel_and_wait(self._tasks)
        self._tasks = []
        self._loaded.clear()
        await self._effects.stop()
        try:
            await self._lease.stop()
        except Unavailable as error:
            # The lease runs out by itself.
            logger.info("the lease of this process was not given up: %s", one_line(str(error)))

    async def load(self) -> None:
        """Read what is revoked from the database: at the start, and when notifications may have been lost."""
        await self._lease.reread()
        await self._lease.catch_up()
        self._loaded.set()

    def _note_result(self, result: LookResult, sent_at: float) -> None:
        self._pending = result.pending
        if result.contact is not None and self._note_contact(result.contact, sent_at):
            self._poller.note_contact()

    def _on_notification(self, payload: str) -> None:
        """Look. What the notification says is not obeyed, since every role of the database can send one; it only tells
        whether a process of the previous release has changed rows, which then have no new position."""
        self._lease.wake(everything=_is_of_previous_release(payload))

    def _on_signal(self, payload: str) -> None:
        """Ask the table again: whether the lease is free, or which processes have applied what is revoked."""
        if payload == Signal.FREE:
            self._poll_lease.note_free()
        else:
            self._acknowledgements.wake()


def _is_of_previous_release(payload: str) -> bool:
    try:
        message = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return False
    return isinstance(message, dict) and not message.keys().isdisjoint(("add", "remove")) and "placed" not in message
