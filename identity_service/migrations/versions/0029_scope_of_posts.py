"""What the scope of posts allows, in the words that people consent to."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

SCOPE = "posts:write"
BEFORE = "Write, change and delete your posts"
AFTER = "Write, change, delete and export your posts and comments, and act as a moderator if you are one"

SCOPES = sa.table("service_scopes", sa.column("scope"), sa.column("description"), schema="identity")


def upgrade() -> None:
    _describe(BEFORE, AFTER)


def downgrade() -> None:
    _describe(AFTER, BEFORE)


def _describe(current: str, description: str) -> None:
    """A text that an operator has changed stays."""
    is_unchanged = (SCOPES.c.scope == SCOPE) & (SCOPES.c.description == current)
    op.execute(sa.update(SCOPES).where(is_unchanged).values(description=description))
