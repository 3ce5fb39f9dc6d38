"""The tables of a receiver, in the schema of the service that it belongs to."""

from sqlalchemy import BigInteger, Column, ColumnElement, DateTime, Index, MetaData, String, Table, exists, func

from watchword.auth.revocations import Kind
from watchword.database.creation import create_and_extend
from watchword.database.database import Database


class ReceiverTables:
    """`received`: the ids of events that have had their effect. `revocations`: what is refused, for as long as a token
    can live; without a `version` its times decide. `contact`: one row, when the transmitter last answered."""

    def __init__(self, metadata: MetaData) -> None:
        self.schema = metadata.schema or "public"
        self.received = Table(
            "received_events",
            metadata,
            Column("jti", String, primary_key=True),
            Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
            Index(None, "received_at"),
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
            Index(None, "expires_at"),
        )
        self.contact = Table(
            "transmitter_contact",
            metadata,
            Column("issuer", String, primary_key=True),
            Column("heard_at", DateTime(timezone=True), nullable=False),
        )

    async def create(self, database: Database) -> None:
        """Make these tables unless they exist, and add what a newer release of the library needs: for a service without
        migrations, before it starts to receive. Several processes may do so at once. Raises DatabaseUnavailable."""
        await create_and_extend(database, self.received, self.revocations, self.contact)

    def is_purged(self, subject: str) -> ColumnElement[bool]:
        """A condition for a statement of the service's own: whether this subject's account has been purged.

        It stays true for as long as a token of the account can live.
        """
        revocations = self.revocations.c
        return exists().where(revocations.kind == Kind.PURGED, revocations.key == subject)

    @property
    def channel(self) -> str:
        """Where every process listens for what the others have received."""
        return f"{self.schema}_revocations"
