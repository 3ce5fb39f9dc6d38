"""The tables of a receiver, in the schema of the service that it belongs to."""

from sqlalchemy import BigInteger, Column, DateTime, Index, MetaData, String, Table, func


class ReceiverTables:
    """`received`: the ids of events that have had their effect. `revocations`: what is refused, for as long as a token
    can live. `contact`: one row, when the transmitter was last heard."""

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
            Index(None, "expires_at"),
        )
        self.contact = Table(
            "transmitter_contact",
            metadata,
            Column("issuer", String, primary_key=True),
            Column("heard_at", DateTime(timezone=True), nullable=False),
        )

    @property
    def channel(self) -> str:
        return f"{self.schema}_revocations"
