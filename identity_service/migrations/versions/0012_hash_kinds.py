"""An index of the kinds of password hashes: identity looks every minute which of them the table of users has."""

import sqlalchemy as sa
from alembic import op

from watchword.database.migrations import create_index_concurrently

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SCHEMA = "identity"
NAME = "users_hash_kind_idx"
KIND = sa.text(r"regexp_substr(password_hash, '^\$[^$]+\$[^$]+(\$m=[^$]+)?')")


def upgrade() -> None:
    create_index_concurrently(NAME, "users", [KIND], schema=SCHEMA)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(NAME, "users", schema=SCHEMA, if_exists=True, postgresql_concurrently=True)
