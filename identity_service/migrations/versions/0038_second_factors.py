"""Second factors: authenticator apps, passkeys, recovery codes, and what a sign-in with one leaves until it is over."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

SCHEMA = "identity"
INSTANT = sa.DateTime(timezone=True)
TEXTS = sa.ARRAY(sa.Text)


def upgrade() -> None:
    op.add_column("users", _flag("has_second_factor"), schema=SCHEMA)
    op.add_column("roles", _flag("requires_second_factor"), schema=SCHEMA)
    op.add_column("authorization_codes", sa.Column("continued_session_id", sa.Uuid), schema=SCHEMA)
    _create_codes()
    _create_passkeys()
    op.create_table(
        "half_open_sign_ins",
        _new_id(),
        sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
        _user_id(),
        sa.Column("password_digest", sa.LargeBinary, nullable=False),
        sa.Column("amr", TEXTS, nullable=False),
        sa.Column("wrong_codes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        schema=SCHEMA,
    )
    for column in ("user_id", "expires_at"):
        op.create_index(f"half_open_sign_ins_{column}_idx", "half_open_sign_ins", [column], schema=SCHEMA)


def downgrade() -> None:
    for table in (
        "half_open_sign_ins",
        "spent_challenges",
        "passkeys",
        "recovery_codes",
        "totp_enrolments",
        "totp_factors",
    ):
        op.drop_table(table, schema=SCHEMA)
    op.drop_column("authorization_codes", "continued_session_id", schema=SCHEMA)
    op.drop_column("roles", "requires_second_factor", schema=SCHEMA)
    op.drop_column("users", "has_second_factor", schema=SCHEMA)


def _create_codes() -> None:
    op.create_table(
        "totp_factors",
        _user_id(primary_key=True),
        sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT),
        schema=SCHEMA,
    )
    op.create_table(
        "totp_enrolments",
        _user_id(primary_key=True),
        sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
        sa.Column("begun_in", sa.Uuid, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("totp_enrolments_created_at_idx", "totp_enrolments", ["created_at"], schema=SCHEMA)
    op.create_table(
        "recovery_codes",
        _user_id(primary_key=True),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        schema=SCHEMA,
    )


def _create_passkeys() -> None:
    op.create_table(
        "passkeys",
        _new_id(),
        _user_id(),
        sa.Column("credential_id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("is_backup_eligible", sa.Boolean, nullable=False),
        sa.Column("is_backed_up", sa.Boolean, nullable=False),
        sa.Column("transports", TEXTS, nullable=False),
        sa.Column("aaguid", sa.Uuid, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT),
        schema=SCHEMA,
    )
    op.create_index("passkeys_user_id_idx", "passkeys", ["user_id"], schema=SCHEMA)
    op.create_table(
        "spent_challenges",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("expires_at", INSTANT, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("spent_challenges_expires_at_idx", "spent_challenges", ["expires_at"], schema=SCHEMA)


def _flag(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def _new_id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.func.uuidv7())


def _user_id(*, primary_key: bool = False) -> sa.Column[object]:
    user = sa.ForeignKey(f"{SCHEMA}.users.id", ondelete="CASCADE")
    return sa.Column("user_id", sa.Uuid, user, primary_key=primary_key, nullable=False)
