"""The events with which a stream starts if it is new, enabled again or asks for more: those of the last hour, and
deletions.

A token that is still valid may contradict one of them, which nobody has sent to this receiver. A receiver that keeps
data of deleted accounts must learn of every deletion, however long ago.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Row, any_, func, insert, literal, select, true
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.events import repository
from identity_service.events.claims import event_claims
from identity_service.events.locking import block_enqueueing
from identity_service.events.models import RecentEvent, Stream, StreamEvent
from identity_service.events.topics import events_in, notify
from identity_service.users.models import AccountDeletion, DeletionConfirmation
from watchword.database.database import Database
from watchword.events import types
from watchword.events.types import EventType

LONGEST_ACCESS_TOKEN: Final = timedelta(hours=1)
"""No setting lets an access token be valid for longer."""

LEEWAY: Final = timedelta(minutes=5)
"""More than any receiver allows for clocks that differ."""

RETENTION: Final = LONGEST_ACCESS_TOKEN + LEEWAY
"""How long a token that is valid now can contradict an event."""

PORTION: Final = 1_000
"""How many deletions one transaction puts into a stream."""

_IDS: Final = ARRAY(BigInteger)


class Replay:
    """Puts past events into streams. `access_lifetime` is how long access tokens are valid at present."""

    def __init__(self, database: Database, issuer: str, access_lifetime: timedelta) -> None:
        self._database = database
        self._issuer = issuer
        self._live = access_lifetime + LEEWAY

    async def begin(self, db: AsyncSession, stream: Stream, kinds: Collection[str]) -> None:
        """Put into the stream what a valid token can contradict, of these types; the rest is for `add_deletions`.

        Each event that is being enqueued then either finds the stream when this transaction has committed, or is put
        into it here. Raises DatabaseUnavailable if a transaction that enqueues one takes long.
        """
        wanted = (
            RecentEvent.type.in_(kinds),
            # These come from the table of deletions, which is complete.
            RecentEvent.type != EventType.ACCOUNT_PURGED,
            RecentEvent.created_at >= func.now() - RETENTION,
        )
        # Most of them before anybody is held up; not those from which the deletion of an account may be removing names.
        # Two acts that concern one user do not overlap, so their order stays.
        early = RecentEvent.type.in_(repository.TYPES_NOT_REDACTED)
        ids = literal((await db.scalars(select(RecentEvent.id).where(*wanted, early))).all(), _IDS)
        await self._add_recent(db, stream, RecentEvent.id == any_(ids))
        await block_enqueueing(db)
        # A subquery, so that PostgreSQL looks each of them up in a hash table, also in a generic plan.
        await self._add_recent(db, stream, *wanted, RecentEvent.id.not_in(select(func.unnest(ids))))
        if EventType.ACCOUNT_PURGED in kinds:
            stream.deletions_before = await db.scalar(select(func.clock_timestamp()))
        await notify(db, [events_in(stream.id)])

    async def _add_recent(self, db: AsyncSession, stream: Stream, *conditions: ColumnElement[bool]) -> None:
        is_history = RecentEvent.created_at < func.now() - self._live
        recent = select(literal(stream.id), RecentEvent.type, RecentEvent.claims, is_history)
        events = recent.where(*conditions).order_by(RecentEvent.id)
        await db.execute(insert(StreamEvent).from_select(["stream_id", "type", "claims", "is_history"], events))

    async def add_deletions(self, stream_id: UUID) -> None:
        """Put into the stream the deletions that have yet to be, in portions."""
        while True:
            async with self._database.begin() as db:
                # Two processes may do this at once.
                stream = await repository.lock_stream(db, stream_id)
                if stream is None or stream.deletions_before is None:
                    return
                await self._add_portion(db, stream, stream.deletions_before)

    async def _add_portion(self, db: AsyncSession, stream: Stream, before: datetime) -> None:
        """The latest deletions before this time. All those of one instant are in one portion."""
        deleted_at, now = AccountDeletion.deleted_at, func.now()
        portion = (
            select(AccountDeletion.user_id, deleted_at, (deleted_at < now - self._live).label("is_history"))
            # A single process keeps no data, and refuses tokens only.
            .where(deleted_at < before, true() if stream.is_durable else deleted_at >= now - RETENTION)
            .order_by(AccountDeletion.deleted_at.desc())
            .fetch(PORTION, with_ties=True)
        )
        rows = (await db.execute(portion)).all()
        if rows:
            await self._add(db, stream, rows)
        stream.deletions_before = rows[-1].deleted_at if len(rows) >= PORTION else None
        await notify(db, [events_in(stream.id)])

    async def _add(self, db: AsyncSession, stream: Stream, deletions: Sequence[Row[UUID, datetime, bool]]) -> None:
        jtis = {row.user_id: uuid4() for row in deletions}
        events = [
            {
                "stream_id": stream.id,
                "jti": jtis[row.user_id],
                "type": EventType.ACCOUNT_PURGED,
                "claims": self._claims(row.user_id, row.deleted_at),
                "is_history": row.is_history,
            }
            for row in deletions
        ]
        await db.execute(insert(StreamEvent), events)
        if stream.is_durable:
            await _expect_confirmations(db, stream.client_id, jtis)

    def _claims(self, user_id: UUID, deleted_at: datetime) -> dict[str, Any]:
        return event_claims(types.account_purged(self._issuer, str(user_id)), uuid4(), deleted_at)


async def _expect_confirmations(db: AsyncSession, client_id: str, jtis: dict[UUID, UUID]) -> None:
    """Put the client onto the receipts of these deletions; what it has confirmed already stays confirmed."""
    statement = upsert(DeletionConfirmation)
    again = statement.on_conflict_do_update(
        index_elements=[DeletionConfirmation.user_id, DeletionConfirmation.client_id],
        set_={"jti": statement.excluded.jti},
    )
    receipts = [{"user_id": user_id, "client_id": client_id, "jti": jti} for user_id, jti in jtis.items()]
    await db.execute(again, receipts)
