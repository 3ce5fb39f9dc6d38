"""The receiver of a service without a database: each process has a stream of its own, and a memory of its own.

An event is acknowledged when this process refuses what it revokes and has had its effect here. A caller who waits until
the service obeys waits for the streams of all its processes.
"""

import asyncio
import inspect
import logging
from collections.abc import Mapping
from typing import Any, Final

import httpx

from watchword.auth.revocations import Revocations
from watchword.errors import Unavailable
from watchword.events.authorized_calls import TransmitterAccount
from watchword.events.contact_lease import ContactLease
from watchword.events.effects import ensure_effects
from watchword.events.memory_store import MemoryStore
from watchword.events.process_stream import INACTIVITY_SECONDS, ProcessStream
from watchword.events.receiver import FIRST_POLL_TIMEOUT_SECONDS, Receiver
from watchword.events.security_event import ReceivedEvent
from watchword.events.silence import TransmitterSilent
from watchword.events.store import LastContact, PendingEffects, ProcessEffect
from watchword.events.stream_polls import StreamPolls
from watchword.events.turn import ProcessTurn
from watchword.events.types import EventType
from watchword.lines import one_line
from watchword.tasks import cancel_and_wait, wait_for

logger = logging.getLogger("watchword.events")

DELETE_TIMEOUT_SECONDS: Final = 3.0
"""How long a process that ends tries to delete its stream."""


class MemoryReceiver(Receiver):
    """A receiver that keeps what is revoked in the memory of its process.

    `effects` are what events mean to this process beyond the revocation of tokens, by their type. Raises ValueError for
    one that would never be called, or not with one argument.
    """

    def __init__(
        self,
        account: TransmitterAccount,
        revocations: Revocations,
        effects: Mapping[str, ProcessEffect] | None = None,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        **options: Any,
    ) -> None:
        super().__init__(account, revocations, **options)
        effects = dict(effects or {})
        ensure_effects(effects)
        _ensure_without_database(effects)
        self._lease = ContactLease()
        self._tasks: list[asyncio.Task[None]] = []
        self._add_parts(account, effects, transport)

    def _add_parts(
        self,
        account: TransmitterAccount,
        effects: Mapping[str, ProcessEffect],
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        async def carry_out(received: ReceivedEvent) -> bool:
            await effects[received.type](received)
            return False

        self._store = MemoryStore(self.revocations, self._clock, self._refusal_delay)
        self._take_into(self._store, carry_out, effects)
        self._stream = ProcessStream([kind for kind in effects if kind not in tuple(EventType)])
        self._turn = ProcessTurn(self._lease, self._stream, self._on_answer)
        self._poll_in(self._turn, account, transport)

    @property
    def pending_effects(self) -> PendingEffects:
        """What is refused in this process and has not had its effect here yet."""
        return self._effects.pending()

    def is_current(self) -> bool:
        """Whether this process has heard the transmitter lately, or has asked it lately in vain."""
        return self._lease.is_current()

    async def catch_up(self) -> None:
        """Return when the transmitter has answered, or cannot be reached, and this process knows what was revoked
        before. Raises TransmitterSilent, and NotStarted."""
        self._ensure_started()
        await self._lease.catch_up()

    def ensure_in_contact(self, is_write: bool) -> None:
        """Raise TransmitterSilent if the transmitter has been silent too long for this request, or since this process
        started, and NotStarted if this receiver does not run."""
        super().ensure_in_contact(is_write)
        if not self._lease.has_caught_up_before:
            raise TransmitterSilent("the transmitter has not been heard since this process started")

    def _is_started(self) -> bool:
        return bool(self._tasks)

    async def start(self) -> None:
        """Return when this process knows everything that a token can still contradict. A transmitter that does not
        answer is tried once, and not waited for longer than `FIRST_POLL_TIMEOUT_SECONDS`; until it answers, every guard
        refuses."""
        self._begin()
        self._turn.caught_up.clear()
        self._tasks = [asyncio.create_task(self._poller.run())]
        await wait_for(self._turn.caught_up, FIRST_POLL_TIMEOUT_SECONDS)

    async def stop(self) -> None:
        """Accept nothing any more, and delete the stream."""
        await cancel_and_wait(self._tasks)
        self._tasks = []
        self._lease.forget_everything()
        await self._effects.stop()
        if self._stream.may_exist():
            await self._delete_stream()

    async def _delete_stream(self) -> None:
        try:
            async with asyncio.timeout(DELETE_TIMEOUT_SECONDS), self._poller.connection() as transmitter:
                await transmitter.discover()
                await self._stream.delete(transmitter)
        except (Unavailable, TimeoutError) as error:
            text = "the stream of this process was not deleted, and lapses in %d s: %s"
            logger.warning(text, INACTIVITY_SECONDS, one_line(str(error)))

    def _on_answer(self, polls: StreamPolls) -> None:
        contact = LastContact(self._clock.now(), 0.0, polls.clock_offset, polls.left_nothing)
        self._note_contact(contact, polls.as_of)


def _ensure_without_database(effects: Mapping[str, ProcessEffect]) -> None:
    for kind, effect in effects.items():
        try:
            inspect.signature(effect).bind(None)
        except TypeError:
            raise ValueError(
                f"effects: that of {kind} must take the event alone, since without a database there is no transaction"
            ) from None
        except ValueError:
            # Something whose signature is not known.
            continue
