"""The receiver: what the issuer revokes is refused in every process first, and has its effects after that."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from datetime import datetime
from typing import ClassVar, Final

import httpx

from watchword.auth.background import expect_owner, own
from watchword.auth.errors import NotStarted
from watchword.auth.revocations import Revocations
from watchword.clock import Clock, SystemClock, seconds_since_boot
from watchword.errors import AppError
from watchword.events.acknowledgements import Acknowledgements
from watchword.events.authorized_calls import TransmitterAccount
from watchword.events.effects import CarryOut, Effects
from watchword.events.intake import Intake
from watchword.events.polling import Poller
from watchword.events.refusal_delay import RefusalDelay
from watchword.events.security_event import ReceivedEvent
from watchword.events.silence import Contact, SilencePolicy, TransmitterSilent
from watchword.events.store import EventStore, LastContact, PendingEffects
from watchword.events.turn import Turn
from watchword.tally import Tally

FIRST_POLL_TIMEOUT_SECONDS: Final = 3.0
"""How long a start waits for the transmitter."""


class Receiver(ABC):
    """Obeys the security events of one transmitter: a `RevocationSource` for the verifier of a service.

    Where it keeps what is revoked, and what that means for the other processes of the service, differs.
    """

    further_refusals: ClassVar[tuple[type[AppError], ...]] = (TransmitterSilent,)
    """With what a request can be refused because of what this receiver does not know."""

    def __init__(
        self,
        account: TransmitterAccount,
        revocations: Revocations,
        *,
        silence: SilencePolicy | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.revocations = revocations
        self.observe_lag: Callable[[float], None] | None = None
        """Called when an event has had its effect, with the seconds since it happened."""
        self.issuer = account.issuer
        self.client_id = account.client_id
        self.clock_offset: float | None = None
        """How many seconds the issuer's clock is ahead of ours, if the issuer says what time it is."""
        self._clock = clock or SystemClock()
        self._began_at = self._clock.now()
        self._contact = Contact(silence or SilencePolicy(), self._clock)
        self._refusal_delay = RefusalDelay()
        self._heard_at = -math.inf
        expect_owner(self)

    def _take_into(self, store: EventStore, carry_out: CarryOut, types: Collection[str]) -> None:
        """Take events into this store. Those of these types have an effect, which `carry_out` brings about."""
        self._acknowledgements = Acknowledgements(store)
        self._effects = Effects(carry_out, types)
        self._intake = Intake(
            store,
            self._effects,
            self._acknowledgements,
            self.issuer,
            until=self._until,
            is_replay=self._is_replay,
        )
        self._effects.on_done, self._intake.on_done = self._intake.finish, self._measure_lag

    def _poll_in(self, turn: Turn, account: TransmitterAccount, transport: httpx.AsyncBaseTransport | None) -> None:
        """Poll the transmitter whenever it is this process's turn."""
        self._poller = Poller(
            account,
            self._intake,
            self._acknowledgements,
            turn,
            refuses_key=self.revocations.refuses_key,
            clock=self._clock,
            transport=transport,
        )

    def __repr__(self) -> str:
        return f"the receiver of the security events of {self.issuer}"

    @property
    def last_contact_at(self) -> datetime | None:
        """When the transmitter last answered any process of this service that this one knows of."""
        return self._contact.last_at

    @property
    def refusal_reason(self) -> str | None:
        """Why the issuer refuses this client's credentials or scopes; None while it does not."""
        refusal = self._poller.refusal
        return None if refusal is None else refusal.reason

    @property
    def is_stream_stopped(self) -> bool:
        """Whether the issuer answers this process, but its stream is disabled or paused, so that nothing comes."""
        return self._poller.stream_status.is_stopped

    @property
    @abstractmethod
    def pending_effects(self) -> PendingEffects:
        """What is refused already and has not had its effect yet."""

    @property
    def effect_failures(self) -> Tally:
        """How often effects have failed in this process, by the type of their event."""
        return self._effects.failures

    def silent_for(self) -> float:
        """Seconds since the transmitter last answered any process of this service that this one knows of."""
        return self._contact.silent_for()

    def is_silent(self) -> bool:
        return self._contact.is_silent()

    def heard_within(self, seconds: float) -> bool:
        """Whether this process knows what the transmitter had to say so many seconds ago. The time goes on while the
        process or its machine stands still."""
        return seconds_since_boot() - self._heard_at <= seconds

    @abstractmethod
    def is_current(self) -> bool:
        """Whether what this process holds may be relied on now."""

    @abstractmethod
    async def catch_up(self) -> None:
        """Return when it may. Raises Unavailable, and NotStarted."""

    def ensure_in_contact(self, is_write: bool) -> None:
        """Raise TransmitterSilent if the transmitter has been silent too long for this request, and NotStarted if this
        receiver does not know what is revoked."""
        self._ensure_started()
        self._contact.ensure(is_write=is_write)

    def _ensure_started(self) -> None:
        if not self._is_started():
            raise NotStarted("the receiver of security events has not been started")

    @abstractmethod
    def _is_started(self) -> bool:
        """Whether this receiver runs, and knows what it has to know before the first request."""

    def observe_refusals(self, observe: Callable[[float], None]) -> None:
        """Call `observe` for each revocation that this process begins to refuse, with the seconds since it happened."""
        self._refusal_delay.observe = observe

    def seconds_since_refusal(self) -> float:
        """How long ago this process last began to refuse something, or was started. A Watchword issuer sends something
        to refuse every thirty seconds, for a session that never was."""
        return self._refusal_delay.seconds_since_last()

    @abstractmethod
    async def start(self) -> None:
        """Begin to receive. A transmitter that does not answer is tried once, and not waited for longer than
        `FIRST_POLL_TIMEOUT_SECONDS`."""

    @abstractmethod
    async def stop(self) -> None:
        """End what `start` began."""

    def _begin(self) -> None:
        """What every `start` begins with."""
        own(self)
        self._began_at = self._clock.now()
        self._contact.begin()
        self._refusal_delay.begin()

    def _until(self) -> float:
        return self._clock.now().timestamp() + self.revocations.keep_seconds()

    def _is_replay(self, received: ReceivedEvent) -> bool:
        """Whether the event happened before this receiver was started, or so long ago that no token is left that it
        revokes: then its age tells nothing about how fast this service obeys."""
        now, happened_at = self._clock.now(), received.happened_at or received.at
        return happened_at < self._began_at or (now - happened_at).total_seconds() > self.revocations.keep_seconds()

    def _measure_lag(self, happened_at: datetime) -> None:
        if self.observe_lag is not None:
            self.observe_lag(max(0.0, (self._clock.now() - happened_at).total_seconds()))

    def _note_contact(self, contact: LastContact, at: float) -> bool:
        """Note when the transmitter last answered, as seen `at` this time since boot; false if that was known."""
        self.clock_offset = contact.clock_offset
        if not self._contact.note(contact):
            return False
        if not contact.left_nothing:
            return True
        # Only when it is seen first: later looks would say the same, or count by a clock that was put back since.
        self._heard_at = max(self._heard_at, at - max(0.0, contact.age_seconds))
        return True
