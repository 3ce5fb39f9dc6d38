"""The receiver: what the issuer revokes is refused in every process first, and has its effects after that.

One process polls the transmitter. What an event revokes is committed alone, and every process looks for it; an event is
acknowledged when all of them have applied it and its effect has happened.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import httpx
import orjson

from watchword.auth.background import expect_owner, own
from watchword.auth.errors import NotStarted
from watchword.auth.revocations import Revocations
from watchword.clock import Clock, SystemClock, seconds_since_boot
from watchword.database import Listener, wait_for
from watchword.errors import Unavailable
from watchword.events.authorized_calls import TransmitterAccount
from watchword.events.effects import Effects
from watchword.events.intake import Intake
from watchword.events.looks import Looks
from watchword.events.outbox import Outbox
from watchword.events.poll_lease import PollLease
from watchword.events.polling import Poller
from watchword.events.postgres_store import PostgresStore
from watchword.events.silence import Contact, SilencePolicy
from watchword.events.store import Effect, PendingEffects, View
from watchword.events.tables import Signal
from watchword.events.types import EventType
from watchword.lines import one_line
from watchword.tally import Tally
from watchword.tasks import cancel_and_wait

logger = logging.getLogger("watchword.events")

START_TIMEOUT_SECONDS: Final = 15.0
"""How long a start waits for the database."""

FIRST_POLL_TIMEOUT_SECONDS: Final = 3.0
"""How long a start waits for the transmitter."""


class Receiver:
    """Obeys the security events of one transmitter: a `RevocationSource` for the verifier of a service.

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
        silence: SilencePolicy | None = None,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        effects = dict(effects or {})
        _ensure_usable(effects)
        self.revocations = revocations
        self.observe_lag: Callable[[float], None] | None = None
        """Called when an event has had its effect, with the seconds since it happened."""
        self.issuer = account.issuer
        self.client_id = account.client_id
        self.pending_effects = PendingEffects()
        """What is refused in this service and has not had its effect yet, in whichever process."""
        self.clock_offset: float | None = None
        """How many seconds the issuer's clock is ahead of ours, if the issuer says what time it is."""
        self._clock = clock or SystemClock()
        self._contact = Contact(silence or SilencePolicy(), self._clock)
        self._heard_at = 0.0
        self._loaded = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._add_parts(account, store, effects, transport)
        expect_owner(self)

    def _add_parts(
        self,
        account: TransmitterAccount,
        store: PostgresStore,
        effects: Mapping[str, Effect],
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self._store = store
        self._looks = Looks(store, self.revocations, self._clock, self._note_view)
        self._lease = PollLease(store, lambda: self._looks.has_unplaced)
        self._outbox = Outbox(store)
        self._effects = Effects(store, effects)
        self._intake = Intake(store, self._effects, self._outbox, account.issuer, self._until)
        self._effects.on_done, self._intake.on_done = self._intake.finish, self._measure_lag
        self._poller = Poller(
            account,
            store,
            self._intake,
            self._outbox,
            self._lease,
            look=self._looks.look,
            refuses_key=self.revocations.refuses_key,
            clock=self._clock,
            transport=transport,
            further_types=[kind for kind in effects if kind not in tuple(EventType)],
        )
        tables = store.tables
        signals = {tables.signals: self._on_signal}
        self._listener = Listener(store.database.dsn, tables.channel, self._on_notification, self.load, signals)

    def __repr__(self) -> str:
        return f"the receiver of the security events of {self.issuer}"

    @property
    def last_contact_at(self) -> datetime | None:
        """When the transmitter last answered any process of this service."""
        return self._contact.last_at

    @property
    def refusal_reason(self) -> str | None:
        """Why the issuer refuses this client's credentials or scopes; None while it does not."""
        refusal = self._poller.refusal
        return None if refusal is None else refusal.reason

    @property
    def effect_failures(self) -> Tally:
        """How often effects have failed in this process, by the type of their event."""
        return self._effects.failures

    def silent_for(self) -> float:
        """Seconds since the transmitter last answered any process of this service."""
        return self._contact.silent_for()

    def is_silent(self) -> bool:
        return self._contact.is_silent()

    def heard_within(self, seconds: float) -> bool:
        """Whether this process knows what the transmitter had to say so many seconds ago. The time goes on while the
        process or its machine stands still."""
        return seconds_since_boot() - self._heard_at <= seconds

    def is_current(self) -> bool:
        """Whether this process's lease runs: then its memory has everything that others count as obeyed."""
        return self._looks.is_current()

    async def catch_up(self) -> None:
        """Renew the lease, and apply what was revoked meanwhile. Raises Unavailable, and NotStarted."""
        self._ensure_started()
        await self._looks.catch_up()

    def ensure_in_contact(self, is_write: bool) -> None:
        """Raise TransmitterSilent if the transmitter has been silent too long for this request, and NotStarted if this
        receiver does not know what is revoked."""
        self._ensure_started()
        self._contact.ensure(is_write=is_write)

    def _ensure_started(self) -> None:
        if not self._loaded.is_set():
            raise NotStarted("the receiver of security events has not been started")

    def observe_refusals(self, observe: Callable[[float], None]) -> None:
        """Call `observe` for each revocation that this process begins to refuse, with the seconds since it happened."""
        self._looks.observe = observe

    def seconds_since_refusal(self) -> float:
        """How long ago this process last began to refuse something, or was started. A Watchword issuer sends something
        to refuse every thirty seconds, for a session that never was."""
        return seconds_since_boot() - self._looks.last_measured_at

    async def start(self) -> None:
        """Return when this process listens, has its lease and knows everything that was revoked before, also while no
        process of the service was running. A transmitter that does not answer is tried once, and not waited for longer
        than `FIRST_POLL_TIMEOUT_SECONDS`.

        Raises TimeoutError if the database does not answer.
        """
        own(self)
        self._loaded.clear()
        self._poller.caught_up.clear()
        works = self._listener.run(), self._looks.run(), self._poller.run()
        self._tasks = [asyncio.create_task(work) for work in works]
        async with asyncio.timeout(START_TIMEOUT_SECONDS):
            await self._loaded.wait()
        await wait_for(self._poller.caught_up, FIRST_POLL_TIMEOUT_SECONDS)

    async def stop(self) -> None:
        await cancel_and_wait(self._tasks)
        self._tasks = []
        self._loaded.clear()
        await self._effects.stop()
        try:
            await self._looks.stop()
        except Unavailable as error:
            # The lease runs out by itself.
            logger.info("the lease of this process was not given up: %s", one_line(str(error)))

    async def load(self) -> None:
        """Read what is revoked from the database: at the start, and when notifications may have been lost."""
        await self._looks.look_at_everything()
        await self._looks.catch_up()
        self._loaded.set()

    def _until(self) -> float:
        return self._clock.now().timestamp() + self.revocations.keep_seconds()

    def _measure_lag(self, happened_at: datetime) -> None:
        if self.observe_lag is not None:
            self.observe_lag(max(0.0, (self._clock.now() - happened_at).total_seconds()))

    def _note_view(self, view: View, sent_at: float) -> None:
        self.pending_effects = view.pending
        if view.contact is None:
            return
        self.clock_offset = view.contact.clock_offset
        if self._contact.note(view.contact):
            # Only at the first look that shows it: later ones would say the same, or count by a clock put back since.
            self._heard_at = max(self._heard_at, sent_at - max(0.0, view.contact.age_seconds))
            self._poller.note_contact()

    def _on_notification(self, payload: str) -> None:
        """Look. What the notification says is not obeyed, since every role of the database can send one; it only tells
        whether a process of the previous release has changed rows, which then have no new position."""
        self._looks.ring(everything=_is_of_previous_release(payload))

    def _on_signal(self, payload: str) -> None:
        """Ask the table again: whether the lease is free, or which processes have applied what is revoked."""
        if payload == Signal.FREE:
            self._lease.note_free()
        else:
            self._outbox.ring()


def _is_of_previous_release(payload: str) -> bool:
    try:
        message = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return False
    return isinstance(message, dict) and not message.keys().isdisjoint(("add", "remove")) and "placed" not in message


def _ensure_usable(effects: Mapping[str, Effect]) -> None:
    for kind, effect in effects.items():
        if not urlsplit(kind).scheme:
            raise ValueError(f"effects: {kind!r} is no type of an event, which is a URI: see EventType")
        if not callable(effect):
            raise ValueError(f"effects: that of {kind} cannot be called")
