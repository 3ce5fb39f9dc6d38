"""The receiver: each security event has its effect exactly once, and every process of the service obeys it.

One process polls the transmitter. What an event revokes is written down in the transaction of its effect, and every
process is notified of it at the commit; only then is the event acknowledged.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from watchword.auth.background import expect_owner, own
from watchword.auth.errors import NotStarted
from watchword.auth.revocations import Revocations
from watchword.clock import Clock, SystemClock
from watchword.database import Listener, wait_for
from watchword.events.authorized_calls import TransmitterAccount
from watchword.events.meaning import revocation_by
from watchword.events.polling import Poller
from watchword.events.security_event import ReceivedEvent
from watchword.events.silence import Contact, SilencePolicy
from watchword.events.store import Store, revocation_of
from watchword.events.types import EventType
from watchword.lines import quoted
from watchword.tasks import cancel_and_wait

logger = logging.getLogger("watchword.events")

START_TIMEOUT_SECONDS: Final = 15.0
"""How long a start waits for the database."""

FIRST_POLL_TIMEOUT_SECONDS: Final = 3.0
"""How long a start waits for the transmitter."""

Effect = Callable[[AsyncSession, ReceivedEvent], Awaitable[None]]
"""What an event means to one service, in the transaction in which it is received."""


class Receiver:
    """Obeys the security events of one transmitter: a `RevocationSource` for the verifier of a service.

    `effects` are what events mean beyond the revocation of tokens, by their type. Raises ValueError for one that would
    never be called.
    """

    def __init__(
        self,
        account: TransmitterAccount,
        store: Store,
        revocations: Revocations,
        effects: Mapping[str, Effect] | None = None,
        *,
        silence: SilencePolicy | None = None,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.revocations = revocations
        self.observe_lag: Callable[[float], None] | None = None
        """Called when an event has had its effect, with the seconds since it happened."""
        self.issuer = account.issuer
        self._store = store
        self._effects = dict(effects or {})
        _ensure_usable(self._effects)
        self._clock = clock or SystemClock()
        self._contact = Contact(silence or SilencePolicy(), self._clock)
        further_types = [kind for kind in self._effects if kind not in tuple(EventType)]
        self._poller = Poller(
            account, store, self.apply, clock=self._clock, transport=transport, further_types=further_types
        )
        self._listener = Listener(store.database.dsn, store.tables.channel, self._on_notification, self.load)
        self._loaded = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        # Notifications that arrive while `load` reads the tables; None at other times.
        self._payloads_while_loading: list[str] | None = None
        expect_owner(self)

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

    def silent_for(self) -> float:
        """Seconds since the transmitter last answered any process of this service."""
        return self._contact.silent_for()

    def is_silent(self) -> bool:
        return self._contact.is_silent()

    def ensure_in_contact(self, is_write: bool) -> None:
        """Raise TransmitterSilent if the transmitter has been silent too long for this request, and NotStarted if this
        receiver does not know what is revoked."""
        if not self._loaded.is_set():
            raise NotStarted("the receiver of security events has not been started")
        self._contact.ensure(is_write=is_write)

    async def start(self) -> None:
        """Return when this process listens and knows everything that was revoked before, also while no process of the
        service was running. A transmitter that does not answer is tried once, and not waited for longer than
        `FIRST_POLL_TIMEOUT_SECONDS`.

        Raises TimeoutError if the database does not answer.
        """
        own(self)
        self._loaded.clear()
        self._poller.caught_up.clear()
        self._tasks = [asyncio.create_task(self._listener.run()), asyncio.create_task(self._poller.run())]
        async with asyncio.timeout(START_TIMEOUT_SECONDS):
            await self._loaded.wait()
        await wait_for(self._poller.caught_up, FIRST_POLL_TIMEOUT_SECONDS)

    async def stop(self) -> None:
        await cancel_and_wait(self._tasks)
        self._tasks = []
        self._loaded.clear()

    async def load(self) -> None:
        """Read what is revoked from the database: at the start, and when notifications may have been lost."""
        now = self._clock.now()
        payloads = self._payloads_while_loading = []
        revocations, contact_at = await self._store.load(now)
        self.revocations.replace(revocations, now.timestamp())
        # What was committed after the rows were read is not among them.
        self._payloads_while_loading = None
        for payload in payloads:
            self._on_notification(payload)
        if contact_at is not None:
            self._contact.note(contact_at)
        self._loaded.set()

    async def apply(self, received: ReceivedEvent) -> None:
        """Give the event its effect and note it as received, in one transaction. A second time nothing happens."""
        async with self._store.database.begin() as db:
            if not await self._store.insert_received(db, received.jti):
                return
            await self._revoke(db, received)
            if (effect := self._effects.get(received.type)) is not None:
                await effect(db, received)
        if self.observe_lag is not None:
            self.observe_lag(max(0.0, (self._clock.now() - received.at).total_seconds()))

    async def _revoke(self, db: AsyncSession, received: ReceivedEvent) -> None:
        until = self._clock.now().timestamp() + self.revocations.keep_seconds()
        subject = received.subject
        if (revocation := revocation_by(received, self.issuer, until)) is not None:
            await self._store.revoke(db, revocation)
            return
        match received.type:
            case EventType.CREDENTIAL_CHANGE if subject:
                # A changed password ends sessions by events of their own; the one in which it was changed goes on.
                pass
            case EventType.VERIFICATION | EventType.STREAM_UPDATED | EventType.IDENTIFIER_CHANGED:
                fields = {"type": received.type, "jti": received.jti}
                logger.info("an event that revokes nothing: %s", received.type, extra=fields)
            case _:
                fields = {"type": received.type, "jti": received.jti}
                text = "an event whose type or subject is not known here: %s"
                logger.warning(text, quoted(received.type), extra=fields)

    def _on_notification(self, payload: str) -> None:
        if self._payloads_while_loading is not None:
            self._payloads_while_loading.append(payload)
        message: dict[str, Any] = orjson.loads(payload)
        if "add" in message:
            self.revocations.add(revocation_of(message), self._clock.now().timestamp())
        elif "remove" in message:
            self.revocations.remove(*message["remove"])
        else:
            self._contact.note(datetime.fromtimestamp(message["heard"], UTC))
            self._poller.note_contact()
            # A process of the previous release does not say whether more events wait.
            if not message.get("has_more", True):
                self._poller.caught_up.set()


def _ensure_usable(effects: Mapping[str, Effect]) -> None:
    for kind, effect in effects.items():
        if not urlsplit(kind).scheme:
            raise ValueError(f"effects: {kind!r} is no type of an event, which is a URI: see EventType")
        if not callable(effect):
            raise ValueError(f"effects: that of {kind} cannot be called")
