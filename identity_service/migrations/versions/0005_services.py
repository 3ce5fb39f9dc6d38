"""Services with one audience each, their scopes and permissions; which audience a client and a session start with."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SCHEMA = "identity"
# Scopes that only this service reads.
OWN_SCOPES = frozenset({"account", "introspect", "ssf.manage", "ssf.read"})

CLIENTS = sa.table(
    "clients",
    sa.column("id"),
    sa.column("scopes", ARRAY(sa.Text)),
    sa.column("audiences", ARRAY(sa.Text)),
    sa.column("default_audience"),
    schema=SCHEMA,
)
SERVICES = sa.table("services", sa.column("audience"), sa.column("name"), schema=SCHEMA)
SCOPES = sa.table("service_scopes", sa.column("scope"), sa.column("audience"), sa.column("description"), schema=SCHEMA)


def upgrade() -> None:
    # Outside the transaction, and therefore repeatable: one that locked both of these busy tables would wait for
    # requests that wait for it.
    with op.get_context().autocommit_block():
        _add_to("sessions", sa.Column("audience", sa.String))
        _add_to("sessions", sa.Column("names_scopes", sa.Boolean))
        _add_to("clients", sa.Column("default_audience", sa.String))
    _services()
    clients = op.get_bind().execute(sa.select(CLIENTS.c.id, CLIENTS.c.scopes, CLIENTS.c.audiences)).all()
    audiences = sorted({audience for client in clients for audience in client.audiences})
    if audiences:
        op.bulk_insert(SERVICES, [{"audience": audience, "name": audience} for audience in audiences])
    own = _own_audience(clients)
    _assign_scopes(clients, own)
    _choose_defaults(clients, own)
    # The client of posts_service verifies tokens by itself.
    scopes = sa.func.array_remove(CLIENTS.c.scopes, "introspect")
    op.execute(sa.update(CLIENTS).where(CLIENTS.c.id == "posts").values(scopes=scopes))


def downgrade() -> None:
    for table in ("service_permissions", "service_scopes", "services"):
        op.drop_table(table, schema=SCHEMA)
    op.drop_column("clients", "default_audience", schema=SCHEMA)
    for column in ("names_scopes", "audience"):
        op.drop_column("sessions", column, schema=SCHEMA)


def _add_to(table: str, column: sa.Column[Any]) -> None:
    op.add_column(table, column, schema=SCHEMA, if_not_exists=True)


def _services() -> None:
    op.create_table(
        "services",
        sa.Column("audience", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("client_id", sa.String, sa.ForeignKey("identity.clients.id", ondelete="SET NULL"), index=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        schema=SCHEMA,
    )
    for table, word in (("service_scopes", "scope"), ("service_permissions", "permission")):
        audience = sa.ForeignKey("identity.services.audience", ondelete="CASCADE")
        op.create_table(
            table,
            sa.Column(word, sa.String, primary_key=True),
            sa.Column("audience", sa.String, audience, nullable=False, index=True),
            sa.Column("description", sa.String, nullable=False),
            schema=SCHEMA,
        )


def _own_audience(clients: Sequence[Any]) -> str | None:
    """This service's audience: the only one of the clients that may ask it about tokens or receive its events."""
    readers = [client for client in clients if OWN_SCOPES.difference({"account"}).intersection(client.scopes)]
    candidates = set.intersection(*(set(client.audiences) for client in readers)) if readers else set()
    return candidates.pop() if len(candidates) == 1 else None


def _assign_scopes(clients: Sequence[Any], own: str | None) -> None:
    """Assign each scope for which only one audience remains."""
    for scope in sorted({scope for client in clients for scope in client.scopes}):
        candidates = set.intersection(*(set(client.audiences) for client in clients if scope in client.scopes))
        if own is not None:
            candidates = candidates & {own} if scope in OWN_SCOPES else candidates - {own}
        if len(candidates) == 1:
            row = {"scope": scope, "audience": candidates.pop(), "description": ""}
            op.bulk_insert(SCOPES, [row])


def _choose_defaults(clients: Sequence[Any], own: str | None) -> None:
    for client in clients:
        others = [audience for audience in client.audiences if audience != own]
        candidates = client.audiences if len(client.audiences) == 1 else others
        if len(candidates) == 1:
            statement = sa.update(CLIENTS).where(CLIENTS.c.id == client.id)
            op.execute(statement.values(default_audience=candidates[0]))
