"""Sign-ins by redirect: what clients register for them, authorization codes, and the sign-on of a session."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

SCHEMA = "identity"
CODES = "authorization_codes"
INSTANT = sa.DateTime(timezone=True)
TEXTS = sa.ARRAY(sa.Text)
NONE = sa.text("'{}'")


def upgrade() -> None:
    _extend_clients()
    _extend_sessions()
    _create_codes()


def downgrade() -> None:
    op.drop_table(CODES, schema=SCHEMA)
    for column in ("amr", "acr", "authenticated_at", "sign_on_id"):
        op.drop_column("sessions", column, schema=SCHEMA)
    for column in (
        "former_secret_hash",
        "backchannel_logout_uri",
        "post_logout_redirect_uris",
        "redirect_uris",
        "application_type",
        "is_first_party",
    ):
        op.drop_column("clients", column, schema=SCHEMA)


def _extend_clients() -> None:
    for column in (
        sa.Column("is_first_party", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("application_type", sa.String, nullable=False, server_default=sa.text("'web'")),
        sa.Column("redirect_uris", TEXTS, nullable=False, server_default=NONE),
        sa.Column("post_logout_redirect_uris", TEXTS, nullable=False, server_default=NONE),
        sa.Column("backchannel_logout_uri", sa.String),
        sa.Column("former_secret_hash", sa.LargeBinary),
    ):
        op.add_column("clients", column, schema=SCHEMA)
    # The grant of passwords was what made a client a first-party one.
    op.execute("UPDATE identity.clients SET is_first_party = true WHERE 'password' = ANY (grants)")


def _extend_sessions() -> None:
    for column in (
        sa.Column("sign_on_id", sa.Uuid),
        sa.Column("authenticated_at", INSTANT),
        sa.Column("acr", sa.String),
        sa.Column("amr", TEXTS),
    ):
        op.add_column("sessions", column, schema=SCHEMA)
    # Every row has null, so that nothing needs to be checked while the table is locked; the next migration does.
    op.create_foreign_key(
        op.f("sessions_sign_on_id_fkey"),
        "sessions",
        "sign_ons",
        ["sign_on_id"],
        ["id"],
        source_schema=SCHEMA,
        referent_schema=SCHEMA,
        ondelete="CASCADE",
        postgresql_not_valid=True,
    )


def _create_codes() -> None:
    op.create_table(
        CODES,
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("user_id", sa.Uuid, _reference("users"), nullable=False),
        sa.Column("sign_on_id", sa.Uuid, _reference("sign_ons"), nullable=False),
        sa.Column("client_id", sa.String, _reference("clients"), nullable=False),
        sa.Column("redirect_uri", sa.String, nullable=False),
        sa.Column("code_challenge", sa.String, nullable=False),
        sa.Column("scopes", TEXTS, nullable=False),
        sa.Column("audiences", TEXTS, nullable=False),
        sa.Column("names_scopes", sa.Boolean, nullable=False),
        sa.Column("nonce", sa.String),
        sa.Column("authenticated_at", INSTANT, nullable=False),
        sa.Column("acr", sa.String, nullable=False),
        sa.Column("amr", TEXTS, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.Column("session_id", sa.Uuid, sa.ForeignKey("identity.sessions.id", ondelete="SET NULL")),
        schema=SCHEMA,
    )
    for column in ("user_id", "sign_on_id", "client_id", "session_id", "expires_at"):
        op.create_index(f"{CODES}_{column}_idx", CODES, [column], schema=SCHEMA)


def _reference(table: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{SCHEMA}.{table}.id", ondelete="CASCADE")
