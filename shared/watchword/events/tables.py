"""The tables of a receiver, in the schema of the service that it belongs to."""

from enum import StrEnum
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Float,
    Index,
    MetaData,
    String,
    Table,
    exists,
    false,
    func,
    select,
    text,
    true,
)

from watchword.auth.revocations import Kind
from watchword.database.creation import create_and_extend
from watchword.database.database import Database

RECEIVED: Final = "received_events"


class Signal(StrEnum):
    """What processes notify each other of, so that the other asks the table: the poll lease is free, or one of them has
    applied more of what is revoked."""

    FREE = "free"
    APPLIED = "applied"


class ReceiverTables:
    """The tables in which the processes of one service share what one issuer's events say.

    `received`: the ids of events whose refusal is committed; `is_pending` until the effect is too. `revocations`: what
    is refused, for as long as a token can live; without a `version` its times decide. `contact`: one row, when the
    transmitter last answered, by the database's clock, how far the transmitter's clock is ahead of ours, and when it
    last answered so that nothing was left behind.

    `poll_lease`: one row, which process polls, until when, and the position of its last transaction. `process_leases`:
    each process that may answer guards, until when, and up to which position it has applied the revocations.
    """

    def __init__(self, metadata: MetaData) -> None:
        self.schema = metadata.schema or "public"
        self.received = Table(
            RECEIVED,
            metadata,
            Column("jti", String, primary_key=True),
            Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
            Column("is_pending", Boolean, nullable=False, server_default=false()),
            Index(None, "received_at"),
            Index(f"{RECEIVED}_pending_idx", "received_at", postgresql_where=text("is_pending")),
        )
        self.revocations = Table(
            "revocations",
            metadata,
            Column("kind", String, primary_key=True),
            Column("key", String, primary_key=True),
            Column("valid_from", BigInteger, nullable=False),
            Column("expires_at", DateTime(timezone=True), nullable=False),
            # Nullable, so that they can be added to tables that processes of the previous release are using.
            Column("version", BigInteger),
            Column("except_sid", String),
            # Without a position: of a process of the previous release.
            Column("position", BigInteger),
            Column("happened_at", DateTime(timezone=True)),
            Index(None, "expires_at"),
            Index(None, "position"),
        )
        self.contact = Table(
            "transmitter_contact",
            metadata,
            Column("issuer", String, primary_key=True),
            Column("heard_at", DateTime(timezone=True), nullable=False),
            Column("clock_offset", Float),
            Column("caught_up_at", DateTime(timezone=True)),
        )
        self.poll_lease = _leases(
            "poll_lease", metadata, Column("issuer", String, primary_key=True), Column("holder", String, nullable=False)
        )
        self.process_leases = _leases("process_leases", metadata, Column("process", String, primary_key=True))

    async def create(self, database: Database) -> None:
        """Make these tables unless they exist, and add what a newer release of the library needs: for a service without
        migrations, before it starts to receive. Several processes may do so at once. Raises DatabaseUnavailable."""
        tables = self.received, self.revocations, self.contact, self.poll_lease, self.process_leases
        await create_and_extend(database, *tables)

    def is_purged(self, subject: str | ColumnElement[str]) -> ColumnElement[bool]:
        """A condition for a statement of the service's own: whether this subject's account has been purged.

        It stays true for as long as a token of the account can live.
        """
        revocations = self.revocations.c
        return exists().where(revocations.kind == Kind.PURGED, revocations.key == subject)

    def is_disabled(
        self, subject: str | ColumnElement[str], known_version: ColumnElement[int | None] | None = None
    ) -> ColumnElement[bool | None]:
        """A term for a statement of the service's own: whether the last event that disabled or enabled this subject's
        account disabled it. Null if there was none, if every token from before it has expired since, or if its version
        is lower than `known_version`: an event that is sent again can come after a later one was forgotten here."""
        revocations = self.revocations.c
        conditions = [
            revocations.kind == Kind.DISABLED,
            revocations.key == subject,
            revocations.expires_at > func.now(),
        ]
        if known_version is not None:
            conditions.append(func.coalesce(revocations.version >= known_version, true()))
        return select(revocations.valid_from > 0).where(*conditions).scalar_subquery()

    @property
    def channel(self) -> str:
        """Where every process is notified that there is something to look for."""
        return f"{self.schema}_revocations"

    @property
    def signals(self) -> str:
        """Where the process that polls is notified that others have looked, and the others that nobody polls."""
        return f"{self.schema}_receiver_signals"


def _leases(name: str, metadata: MetaData, *columns: Column[str]) -> Table:
    """A table of leases: whose each is, until when, and a position."""
    until = Column("valid_until", DateTime(timezone=True), nullable=False)
    return Table(name, metadata, *columns, until, Column("position", BigInteger, nullable=False))
