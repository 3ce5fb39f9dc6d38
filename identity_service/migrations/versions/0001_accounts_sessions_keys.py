"""Accounts, roles, clients, sessions, refresh tokens, signing keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "identity"
INSTANT = sa.DateTime(timezone=True)
NOW = sa.text("now()")
NEW_ID = sa.text("uuidv7()")

ROLES = {
    "user": ("Whoever has an account", []),
    "moderator": (
        "Keeps the house in order",
        ["post:edit_any", "post:delete_any", "post:unpublish_any", "comment:delete_any"],
    ),
    "admin": (
        "May do everything that somebody must",
        [
            "post:edit_any",
            "post:delete_any",
            "post:unpublish_any",
            "comment:delete_any",
            "user:manage",
            "audit:read",
            "key:rotate",
        ],
    ),
}


def upgrade() -> None:
    _accounts()
    _clients()
    _sessions()
    _keys()
    _seed_roles()


def downgrade() -> None:
    for table in (
        "signing_keys",
        "refresh_tokens",
        "sessions",
        "clients",
        "user_roles",
        "role_permissions",
        "roles",
        "users",
    ):
        op.drop_table(table, schema=SCHEMA)


def _accounts() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=NEW_ID),
        sa.Column("username", sa.String, nullable=False),
        sa.Column("email", sa.String, nullable=False),
        sa.Column("password_hash", sa.String, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("created_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("updated_at", INSTANT, nullable=False, server_default=NOW),
        schema=SCHEMA,
    )
    op.create_index("users_username_key", "users", [sa.text("lower(username)")], unique=True, schema=SCHEMA)
    op.create_index("users_email_key", "users", [sa.text("lower(email)")], unique=True, schema=SCHEMA)
    op.create_table(
        "roles",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("description", sa.String, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "role_permissions",
        sa.Column("role", sa.String, sa.ForeignKey("identity.roles.name", ondelete="CASCADE"), primary_key=True),
        sa.Column("permission", sa.String, primary_key=True),
        schema=SCHEMA,
    )
    op.create_table(
        "user_roles",
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("identity.users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("role", sa.String, sa.ForeignKey("identity.roles.name"), primary_key=True, index=True),
        schema=SCHEMA,
    )


def _clients() -> None:
    op.create_table(
        "clients",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary),
        sa.Column("grants", ARRAY(sa.Text), nullable=False),
        sa.Column("scopes", ARRAY(sa.Text), nullable=False),
        sa.Column("audiences", ARRAY(sa.Text), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False, server_default=NOW),
        sa.CheckConstraint("id ~ '^[a-z][a-z0-9-]{1,62}$' AND id !~ '^[0-9a-f]{8}-'", name="id"),
        schema=SCHEMA,
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=NEW_ID),
        sa.Column(
            "user_id", sa.Uuid, sa.ForeignKey("identity.users.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column(
            "client_id", sa.String, sa.ForeignKey("identity.clients.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("scopes", ARRAY(sa.Text), nullable=False),
        sa.Column("audiences", ARRAY(sa.Text), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("end_reason", sa.String),
        schema=SCHEMA,
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=NEW_ID),
        sa.Column(
            "session_id", sa.Uuid, sa.ForeignKey("identity.sessions.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.Column(
            "successor_id", sa.Uuid, sa.ForeignKey("identity.refresh_tokens.id", ondelete="CASCADE"), unique=True
        ),
        schema=SCHEMA,
    )


def _keys() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String, primary_key=True),
        sa.Column("sealed_private_key", sa.LargeBinary, nullable=False),
        sa.Column("n", sa.String, nullable=False),
        sa.Column("e", sa.String, nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("signs_from", INSTANT, nullable=False),
        sa.Column("signs_until", INSTANT, nullable=False),
        sa.Column("withdrawn_at", INSTANT, nullable=False),
        schema=SCHEMA,
    )


def _seed_roles() -> None:
    roles = sa.table("roles", sa.column("name"), sa.column("description"), schema=SCHEMA)
    permissions = sa.table("role_permissions", sa.column("role"), sa.column("permission"), schema=SCHEMA)
    op.bulk_insert(roles, [{"name": name, "description": description} for name, (description, _) in ROLES.items()])
    op.bulk_insert(
        permissions,
        [{"role": name, "permission": permission} for name, (_, carried) in ROLES.items() for permission in carried],
    )
