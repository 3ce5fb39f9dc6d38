"""What becomes of each delivered event: its refusal is committed, or it is reported as one that is not valid."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final

from watchword.auth.errors import InvalidToken, UnknownKey
from watchword.events.acknowledgements import Acknowledgements
from watchword.events.effects import Effects
from watchword.events.meaning import revocation_by
from watchword.events.security_event import EventReader, ReceivedEvent
from watchword.events.store import EventLocked, EventStore
from watchword.events.types import EventType
from watchword.lines import quoted

logger = logging.getLogger("watchword.events")

_REVOKES_NOTHING: Final = (EventType.VERIFICATION, EventType.STREAM_UPDATED, EventType.IDENTIFIER_CHANGED)


class _Outcome(Enum):
    """What became of one delivered event. An OLD one was taken before, or can never be taken; one that is LEFT must be
    delivered again, since it could not be read or committed now."""

    NEW = auto()
    OLD = auto()
    LEFT = auto()


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """What a delivery has brought: whether a valid event in it was not known before, and whether one must be delivered
    again."""

    has_news: bool
    has_leftovers: bool


class Intake:
    """Commits the refusals of events one after another, and leaves their effects to `effects`.

    `until` gives the instant, in seconds since 1970, at which every token has expired that was issued by now.
    `is_replay` says of an event whether its age tells nothing about how fast this service obeys.
    """

    def __init__(
        self,
        store: EventStore,
        effects: Effects,
        acknowledgements: Acknowledgements,
        issuer: str,
        *,
        until: Callable[[], float],
        is_replay: Callable[[ReceivedEvent], bool],
    ) -> None:
        self._store = store
        self._effects = effects
        self._acknowledgements = acknowledgements
        self._issuer = issuer
        self._until = until
        self._is_replay = is_replay
        self._replayed: set[str] = set()
        self.on_done: Callable[[datetime], None] = lambda _: None
        """Called when an event that is no replay has had its effect, with the time at which it happened."""

    @property
    def pending(self) -> int:
        """How many events wait for their effect in this process."""
        return len(self._effects)

    async def take(self, reader: EventReader, tokens: Mapping[str, Any], polled_at: float) -> IntakeResult:
        """Take the events in these tokens, which the poll of `polled_at` (monotonic time) brought. Those that are on
        their way already are left alone.

        Raises Unavailable if the store or the transmitter's keys are, and PollLeaseLost; then all are delivered again.
        """
        new = [jti for jti in tokens if not self._acknowledgements.knows(jti, polled_at) and jti not in self._effects]
        self._acknowledgements.forget_reported(polled_at)
        outcomes = [await self._settle(reader, jti, tokens[jti]) for jti in new]
        return IntakeResult(has_news=_Outcome.NEW in outcomes, has_leftovers=_Outcome.LEFT in outcomes)

    async def _settle(self, reader: EventReader, jti: str, token: Any) -> _Outcome:
        try:
            is_new = await self.accept(await reader.read(jti, token))
        except UnknownKey as error:
            # It was signed by a process of the transmitter that knows more keys than the one that gave us the JWKS, or
            # that does not know yet that its key was withdrawn.
            fields = {"jti": jti, "reason": error.reason}
            logger.warning("the key of an event is not accepted: %s: %s", quoted(jti), error, extra=fields)
            return _Outcome.LEFT
        except InvalidToken as refusal:
            fields = {"jti": jti, "reason": refusal.reason}
            logger.error("an event is not valid: %s: %s", quoted(jti), refusal, extra=fields)
            self._acknowledgements.refuse(jti, {"err": "authentication_failed", "description": refusal.reason or ""})
            return _Outcome.OLD
        except EventLocked as error:
            logger.warning("an event has to wait: %s: %s", quoted(jti), quoted(error), extra={"jti": jti})
            return _Outcome.LEFT
        return _Outcome.NEW if is_new else _Outcome.OLD

    async def accept(self, received: ReceivedEvent) -> bool:
        """Commit what the event revokes, and see to its effect and its acknowledgement. False if nothing of it was
        new."""
        revocation = revocation_by(received, self._issuer, self._until())
        if revocation is None:
            _log_what_revokes_nothing(received)
        has_effect, is_replay = received.type in self._effects.types, self._is_replay(received)
        stored = await self._store.take(received, revocation, has_effect=has_effect, is_replay=is_replay)
        if stored.is_pending:
            has_begun = self._effects.begin(received, stored.position)
            if has_begun and is_replay:
                self._replayed.add(received.jti)
            return has_begun or stored.is_new
        self._acknowledgements.acknowledge(received.jti, stored.position)
        if stored.is_new and not is_replay:
            self.on_done(received.at)
        return stored.is_new

    def finish(self, received: ReceivedEvent, position: int) -> None:
        """Note that the event has had its effect, and have it acknowledged once every process obeys it."""
        self._acknowledgements.acknowledge(received.jti, position)
        if received.jti in self._replayed:
            self._replayed.remove(received.jti)
        else:
            self.on_done(received.at)


def _log_what_revokes_nothing(received: ReceivedEvent) -> None:
    if received.type == EventType.CREDENTIAL_CHANGE and received.subject:
        # A changed password ends sessions by events of their own; the one in which it was changed goes on.
        return
    fields = {"type": received.type, "jti": received.jti}
    if received.type in _REVOKES_NOTHING:
        logger.info("an event that revokes nothing: %s", received.type, extra=fields)
    else:
        text = "an event whose type or subject is not known here: %s"
        logger.warning(text, quoted(received.type), extra=fields)
