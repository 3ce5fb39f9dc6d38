"""The receiver's store in PostgreSQL, in the schema of the service: `ReceiverTables`."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from asyncpg import Record
from sqlalchemy import DateTime, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from watchword.auth.revocations import Kind, Revocation
from watchword.database import Database, DatabaseUnavailable, Statement
from watchword.database.connections import dedicated_connection
from watchword.database.portions import PORTION, delete_portion
from watchword.database.statement_connection import LockHeld, StatementConnection
from watchword.events.lease_statements import LeaseStatements
from watchword.events.process_name import ProcessName
from watchword.events.security_event import ReceivedEvent
from watchword.events.statements import Statements
from watchword.events.store import (
    Effect,
    EventLocked,
    LastContact,
    LookResult,
    PendingEffects,
    PollLeaseLost,
    StoredEvent,
    StoredRevocation,
)
from watchword.events.tables import ReceiverTables

RECEIVED_IDS_LIFETIME: Final = timedelta(days=7)
"""How long an event that is delivered again is recognised."""

PAST_LEASES_LIFETIME: Final = timedelta(hours=1)

EFFECT_LOCK_TIMEOUT: Final = "1s"

# As a position: none comes after it.
_AFTER_ALL: Final = 2**63 - 1

# Processes of the previous release read nothing but `add`, `remove` and `heard`: to them this says nothing.
_LOOK: Final = orjson.dumps({"remove": ["", ""], "placed": True}).decode()


class PostgresStore:
    """A `ReceiverStore` over tables of PostgreSQL."""

    def __init__(self, database: Database, tables: ReceiverTables, issuer: str) -> None:
        self.database = database
        self.tables = tables
        self.issuer = issuer
        self._name = ProcessName()
        self._connection = StatementConnection(database.dsn)
        self._statements = Statements(tables)
        self._lease_statements = LeaseStatements(tables)

    @property
    def process(self) -> str:
        """What names this process in the tables."""
        return str(self._name)

    @property
    def _lease(self) -> dict[str, Any]:
        return {"issuer": self.issuer, "process": self.process}

    async def look(self, applied_position: int | None, now: datetime, *, notify: bool) -> LookResult:
        known = _AFTER_ALL if applied_position is None else applied_position
        values = {**self._lease, "known": known, "applied": applied_position or 0, "notify": notify, "now": now}
        return _as_result(await self._connection.fetch(self._statements.look, **values))

    async def read_all(self, position: int, now: datetime) -> AsyncGenerator[Sequence[Revocation], None]:
        last, portion = self._statements.last_position, self._statements.portion
        values: dict[str, Any] = {"now": now, "kind": "", "key": ""}
        # On a connection of its own, since leases are renewed meanwhile.
        async with dedicated_connection(self.database.dsn) as (connection, _):
            if await connection.fetchval(last.sql, *last.arguments({"issuer": self.issuer})) < position:
                raise DatabaseUnavailable("this server is not the one that the looks have read, and is behind it")
            while rows := await connection.fetch(portion.sql, *portion.arguments(values)):
                yield [_as_revocation(row) for row in rows]
                values |= {"kind": rows[-1]["kind"], "key": rows[-1]["key"]}

    async def leave(self) -> None:
        try:
            await self._connection.fetch(self._statements.leave, process=self.process)
        finally:
            self._connection.close()

    async def seconds_until_free(self) -> float:
        rows = await self._connection.fetch(self._lease_statements.seconds_until_free, issuer=self.issuer)
        return float(rows[0]["left"]) if rows else 0.0

    async def take_poll_lease(self) -> bool:
        return bool(await self._connection.fetch(self._lease_statements.take, **self._lease))

    async def renew_poll_lease(self) -> bool:
        return bool(await self._connection.fetch(self._lease_statements.renew, **self._lease))

    async def release_poll_lease(self) -> None:
        await self._connection.fetch(self._lease_statements.release, **self._lease)

    async def take(
        self, received: ReceivedEvent, revocation: Revocation | None, *, has_effect: bool, is_replay: bool = False
    ) -> StoredEvent:
        values: dict[str, Any] = {"jti": received.jti, "has_effect": has_effect}
        statement = self._statements.take
        if revocation is not None:
            happened_at = None if is_replay else received.happened_at
            values |= {**_as_row(revocation, happened_at), "message": _as_message(revocation)}
            statement = self._statements.take_and_revoke
        try:
            row = await self._fenced(statement, **values)
        except LockHeld as error:
            raise EventLocked(error.reason) from error
        return StoredEvent(row["position"], row["is_new"], row["is_pending"])

    async def note_contact(
        self, clock_offset: float | None, *, age_seconds: float, has_more: bool, left_nothing: bool
    ) -> None:
        message = orjson.dumps({"heard": datetime.now(UTC).timestamp(), "has_more": has_more}).decode()
        answer = {"clock_offset": clock_offset, "age": timedelta(seconds=age_seconds), "left_nothing": left_nothing}
        await self._fenced(self._statements.note_contact, **answer, message=message)

    async def assign_positions(self) -> None:
        await self._fenced(self._statements.assign_positions, message=_LOOK)

    async def carry_out(self, received: ReceivedEvent, effect: Effect) -> bool:
        async with self.database.begin() as db:
            await db.execute(select(func.set_config("lock_timeout", EFFECT_LOCK_TIMEOUT, True)))
            has_more = await self._finish(db, received.jti) and await effect(db, received) is True
            if has_more:
                is_it = self.tables.received.c.jti == received.jti
                await db.execute(update(self.tables.received).where(is_it).values(is_pending=True))
        return has_more

    async def _finish(self, db: AsyncSession, jti: str) -> bool:
        """Note that the event has its effect in this transaction; False if it had its effect before."""
        received = self.tables.received
        statement = insert(received).values(jti=jti)
        finished = statement.on_conflict_do_update(
            index_elements=["jti"], set_={"is_pending": False}, where=received.c.is_pending
        )
        return await db.scalar(finished.returning(received.c.jti)) is not None

    async def lowest_position(self) -> int | None:
        ((position,),) = await self._connection.fetch(self._statements.lowest_position)
        return None if position is None else int(position)

    async def delete_expired(self, now: datetime) -> bool:
        received, revocations, leases = self.tables.received.c, self.tables.revocations.c, self.tables.process_leases.c
        # By both clocks: if this machine's were ahead for a moment, every process would lose what is revoked.
        instant = func.least(now, func.now(), type_=DateTime(timezone=True))
        old_ids = received.received_at <= instant - RECEIVED_IDS_LIFETIME
        async with self.database.begin() as db:
            counts = [
                await delete_portion(
                    db, self.tables.revocations, revocations.expires_at <= instant, order_by=[revocations.expires_at]
                ),
                await delete_portion(db, self.tables.received, old_ids, order_by=[received.received_at]),
            ]
            past = leases.valid_until <= func.now() - PAST_LEASES_LIFETIME
            await delete_portion(db, self.tables.process_leases, past, order_by=[leases.valid_until])
        return max(counts) >= PORTION

    async def _fenced(self, statement: Statement, **values: Any) -> Record:
        rows = await self._connection.fetch(statement, **self._lease, **values)
        if not rows:
            raise PollLeaseLost("another process of this service may poll now")
        return rows[0]


def _as_result(rows: list[Record]) -> LookResult:
    head = rows[0]
    heard_at, pending = head["heard_at"], PendingEffects(head["pending"], head["oldest"])
    contact = None
    if heard_at is not None:
        left_nothing = head["caught_up_at"] == heard_at
        contact = LastContact(heard_at, head["contact_age"], head["clock_offset"], left_nothing)
    held = [row for row in rows if row["kind"] is not None]
    return LookResult(
        position=head["lease_position"],
        revocations=(StoredRevocation(_as_revocation(row), row["happened_at"]) for row in held),
        lacks_positions=any(row["position"] is None for row in held),
        contact=contact,
        pending=pending,
    )


def _as_revocation(row: Record) -> Revocation:
    until = row["expires_at"].timestamp()
    return Revocation(row["kind"], row["key"], row["valid_from"], until, row["version"], row["except_sid"])


def _as_row(revocation: Revocation, happened_at: datetime | None) -> dict[str, Any]:
    row = revocation._asdict()
    row["expires_at"] = datetime.fromtimestamp(row.pop("until"), UTC)
    return {**row, "happened_at": happened_at}


def _as_message(revocation: Revocation) -> str:
    """The notification of a revocation. Processes of this release look into the table whatever it says; those of the
    previous one read nothing but `add` and `remove`, and what they write lacks `placed`."""
    kind, key, valid_from, until, version, except_sid = revocation
    if kind == Kind.DISABLED and valid_from == 0:
        return orjson.dumps({"remove": [kind, key], "placed": True}).decode()
    more = {"version": version, "except_sid": except_sid, "placed": True}
    return orjson.dumps({"add": [kind, key, valid_from, until], **more}).decode()
