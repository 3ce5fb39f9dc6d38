"""Effects in the database: each event once, in one transaction with what it brings about."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from watchword.auth.revocations import Revocation
from watchword.database.database import Database
from watchword.events.tables import ReceiverTables

KEEP_RECEIVED: Final = timedelta(days=7)


class Store:
    def __init__(self, database: Database, tables: ReceiverTables) -> None:
        self.database = database
        self.tables = tables

    async def is_new(self, db: AsyncSession, jti: str) -> bool:
        """Whether this event has not had its effect yet. Two at once wait for each other."""
        received = self.tables.received
        statement = insert(received).values(jti=jti).on_conflict_do_nothing().returning(received.c.jti)
        return await db.scalar(statement) is not None

    async def revoke(self, db: AsyncSession, revocation: Revocation) -> None:
        """Refuse, in every process, from the commit on."""
        revocations = self.tables.revocations
        values = revocation._asdict() | {"expires_at": datetime.fromtimestamp(revocation.expires_at, UTC)}
        statement = insert(revocations).values(**values)
        new = statement.excluded
        latest = {"valid_from": new.valid_from, "expires_at": new.expires_at}
        await db.execute(
            statement.on_conflict_do_update(
                index_elements=[revocations.c.kind, revocations.c.key],
                set_=latest,
                where=revocations.c.valid_from <= new.valid_from,
            )
        )
        await self.tell(db, {"add": list(revocation)})

    async def reinstate(self, db: AsyncSession, kind: str, key: str) -> None:
        """Accept again, in every process, from the commit on."""
        revocations = self.tables.revocations
        await db.execute(delete(revocations).where(revocations.c.kind == kind, revocations.c.key == key))
        await self.tell(db, {"remove": [kind, key]})

    async def load(self, now: datetime) -> tuple[list[Revocation], datetime | None]:
        """Every revocation that still matters, and when the transmitter was last heard."""
        revocations, contact = self.tables.revocations, self.tables.contact
        async with self.database.begin() as db:
            rows: Sequence[Any] = (await db.execute(select(revocations).where(revocations.c.expires_at > now))).all()
            heard_at = await db.scalar(select(contact.c.heard_at).order_by(contact.c.heard_at.desc()).limit(1))
        found = [Revocation(row.kind, row.key, row.valid_from, row.expires_at.timestamp()) for row in rows]
        return found, heard_at

    async def hear(self, issuer: str, now: datetime) -> None:
        """The transmitter has answered; every process is told."""
        statement = insert(self.tables.contact).values(issuer=issuer, heard_at=now)
        statement = statement.on_conflict_do_update(index_elements=["issuer"], set_={"heard_at": now})
        async with self.database.begin() as db:
            await db.execute(statement)
            await self.tell(db, {"heard": now.timestamp()})

    async def forget(self, now: datetime) -> None:
        """Remove what no longer matters to anybody."""
        received, revocations = self.tables.received, self.tables.revocations
        async with self.database.begin() as db:
            await db.execute(delete(revocations).where(revocations.c.expires_at <= now))
            await db.execute(delete(received).where(received.c.received_at <= now - KEEP_RECEIVED))

    async def tell(self, db: AsyncSession, message: dict[str, Any]) -> None:
        payload = orjson.dumps(message).decode()
        await db.execute(
            text("SELECT pg_notify(:channel, :payload)"), {"channel": self.tables.channel, "payload": payload}
        )
