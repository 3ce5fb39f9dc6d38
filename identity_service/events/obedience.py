"""Waiting until the receivers of an act have acknowledged its events.

A receiver acknowledges an event when none of its processes accepts a token any more that the event revokes.
"""

import logging
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field
from sqlalchemy import ARRAY, Uuid, any_, bindparam, false, select, true

from identity_service.events.bells import Bells, acknowledgements_in
from identity_service.events.enqueueing import Enqueued
from identity_service.events.models import DroppedEvent, StreamEvent
from watchword.database.database import Database
from watchword.database.reads import ReadStatement
from watchword.errors import Unavailable
from watchword.tasks import wait_for

logger = logging.getLogger("identity.events")

LOOK_AGAIN_SECONDS: Final = 1.0
"""How long a notification that was lost can delay the answer."""

_JTIS: Final = bindparam("jtis", type_=ARRAY(Uuid))
_unacknowledged: Final = (
    select(StreamEvent.jti, false().label("is_dropped"))
    .where(StreamEvent.jti == any_(_JTIS))
    .union_all(select(DroppedEvent.jti, true()).where(DroppedEvent.jti == any_(_JTIS)))
    .subquery("unacknowledged")
)
_UNACKNOWLEDGED: Final = ReadStatement(select(_unacknowledged.c.jti, _unacknowledged.c.is_dropped))


@dataclass(frozen=True, slots=True)
class ObedientService:
    """A service that obeys: no process of it accepts a revoked token any more."""

    service: Annotated[str, Field(examples=["posts"])]
    after_ms: Annotated[int, Field(description="Milliseconds from the act to its obedience", examples=[38])]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Which services obey an act, and which had not confirmed it when the wait was over."""

    obeyed: list[ObedientService]
    outstanding: Annotated[list[str], Field(examples=[["feeds"]])]


class Obedience:
    """Waits on any replica, whichever one the acknowledgements reach."""

    def __init__(self, database: Database, bells: Bells) -> None:
        self._database = database
        self._bells = bells

    async def wait(self, enqueued: Enqueued, seconds: float) -> Receipt:
        """Wait for so many seconds at most, from the commit of the act, until all its events are acknowledged."""
        began = time.monotonic()
        acknowledgements = _Acknowledgements(enqueued)
        with self._bells.listening(*(acknowledgements_in(event.stream_id) for event in enqueued)) as bell:
            await self._look(acknowledgements, began)
            while acknowledgements.missing and not self._bells.closed:
                left = began + seconds - time.monotonic()
                if left <= 0:
                    break
                await wait_for(bell, min(left, LOOK_AGAIN_SECONDS))
                bell.clear()
                await self._look(acknowledgements, began)
        return acknowledgements.receipt()

    async def _look(self, acknowledgements: "_Acknowledgements", began: float) -> None:
        missing = list(acknowledgements.missing)
        if not missing:
            return
        try:
            rows = await self._database.reads.fetch_rows(_UNACKNOWLEDGED, jtis=missing)
        except Unavailable as error:
            # The act is committed, so its answer must not say that it failed.
            logger.warning("cannot see who obeys: %s", error, extra={"reason": error.reason})
            return
        dropped = {row["jti"] for row in rows if row["is_dropped"]}
        waiting = {row["jti"] for row in rows} - dropped
        acknowledgements.note(waiting, dropped, int((time.monotonic() - began) * 1_000))


class _Acknowledgements:
    """What is known of the events of one act."""

    def __init__(self, enqueued: Enqueued) -> None:
        self._clients = {event.jti: event.client_id for event in enqueued if event.jti is not None}
        self._failed = {event.client_id for event in enqueued if event.jti is None}
        self._acknowledged_after: dict[str, int] = {}
        self.missing = set(self._clients)

    def note(self, waiting: Collection[UUID], dropped: Collection[UUID], after_ms: int) -> None:
        """Take what a look has shown, so many milliseconds after the act."""
        self._failed |= {self._clients[jti] for jti in dropped}
        for jti in self.missing.difference(waiting, dropped):
            self._acknowledged_after[self._clients[jti]] = after_ms
        self.missing &= set(waiting)

    def receipt(self) -> Receipt:
        outstanding = self._failed | {self._clients[jti] for jti in self.missing}
        obeyed = {client: after for client, after in self._acknowledged_after.items() if client not in outstanding}
        return Receipt([ObedientService(*item) for item in sorted(obeyed.items())], sorted(outstanding))
