"""The receiver's tables: each event once, in one transaction with its effect, and what every process must know."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import func, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from watchword.auth.revocations import Kind, Revocation
from watchword.database import Database
from watchword.database.portions import PORTION, delete_portion
from watchword.events.tables import ReceiverTables

RECEIVED_IDS_LIFETIME: Final = timedelta(days=7)
"""How long an event that is delivered again is recognised."""


class Store:
    def __init__(self, database: Database, tables: ReceiverTables) -> None:
        self.database = database
        self.tables = tables

    async def insert_received(self, db: AsyncSession, jti: str) -> bool:
        """Note that the event has its effect in this transaction; False if it had its effect before.

        Two transactions with the same event wait for each other.
        """
        received = self.tables.received
        statement = insert(received).values(jti=jti).on_conflict_do_nothing().returning(received.c.jti)
        return await db.scalar(statement) is not None

    async def revoke(self, db: AsyncSession, revocation: Revocation) -> None:
        """Have every process refuse this from the commit on, or accept it again if it says that of an account."""
        revocations = self.tables.revocations
        values = revocation._asdict()
        values["expires_at"] = datetime.fromtimestamp(values.pop("until"), UTC)
        statement = insert(revocations).values(**values)
        new, old = statement.excluded, revocations.c
        names = ("valid_from", "expires_at", "version", "except_sid")
        # The order of `Revocation.replaces`.
        is_later = tuple_(func.coalesce(old.version, 0), old.valid_from) <= tuple_(
            func.coalesce(new.version, 0), new.valid_from
        )
        is_last = (old.kind == Kind.DISABLED) & (old.version.is_(None) | new.version.is_(None))
        statement = statement.on_conflict_do_update(
            index_elements=[old.kind, old.key],
            set_={name: new[name] for name in names},
            where=or_(is_later, is_last),
        )
        if await db.scalar(statement.returning(old.key)) is not None:
            await self._notify(db, _as_message(revocation))

    async def load(self, now: datetime) -> tuple[list[Revocation], datetime | None]:
        """Every revocation that has not expired, and when the transmitter last answered."""
        revocations, contact = self.tables.revocations, self.tables.contact
        async with self.database.begin() as db:
            rows: Sequence[Any] = (await db.execute(select(revocations).where(revocations.c.expires_at > now))).all()
            contact_at = await db.scalar(select(contact.c.heard_at).order_by(contact.c.heard_at.desc()).limit(1))
        return [_as_revocation(row) for row in rows], contact_at

    async def note_contact(self, issuer: str, now: datetime, *, has_more: bool) -> None:
        """Record that the transmitter has answered, and notify every process of it and of whether more events wait.

        Notifications arrive in the order of the commits: this one after those of the events of the answer.
        """
        statement = insert(self.tables.contact).values(issuer=issuer, heard_at=now)
        statement = statement.on_conflict_do_update(index_elements=["issuer"], set_={"heard_at": now})
        async with self.database.begin() as db:
            await db.execute(statement)
            await self._notify(db, {"heard": now.timestamp(), "has_more": has_more})

    async def delete_expired(self, now: datetime) -> bool:
        """Delete revocations whose tokens have all expired, and the ids of events that are not delivered again.

        One portion of each is deleted, so that no event waits for long; true if there may be more.
        """
        received, revocations = self.tables.received, self.tables.revocations
        expires_at, received_at = revocations.c.expires_at, received.c.received_at
        async with self.database.begin() as db:
            counts = [
                await delete_portion(db, revocations, expires_at <= now, order_by=[expires_at]),
                await delete_portion(db, received, received_at <= now - RECEIVED_IDS_LIFETIME, order_by=[received_at]),
            ]
        return max(counts) >= PORTION

    async def _notify(self, db: AsyncSession, message: dict[str, Any]) -> None:
        payload = orjson.dumps(message).decode()
        await db.execute(
            text("SELECT pg_notify(:channel, :payload)"), {"channel": self.tables.channel, "payload": payload}
        )


def revocation_of(message: Mapping[str, Any]) -> Revocation:
    """The revocation in a notification, as `_as_message` writes it."""
    kind, key, valid_from, until = message["add"]
    return Revocation(kind, key, valid_from, until, message.get("version"), message.get("except_sid"))


def _as_message(revocation: Revocation) -> dict[str, Any]:
    """The notification of a revocation. Processes of the previous release read only `add`, with these four members, and
    accept an account again after `remove`."""
    kind, key, valid_from, until, version, except_sid = revocation
    if kind == Kind.DISABLED and valid_from == 0:
        return {"remove": [kind, key]}
    return {"add": [kind, key, valid_from, until], "version": version, "except_sid": except_sid}


def _as_revocation(row: Any) -> Revocation:
    return Revocation(row.kind, row.key, row.valid_from, row.expires_at.timestamp(), row.version, row.except_sid)
