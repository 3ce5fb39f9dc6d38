"""The permission of administrators, which identity itself reads."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import insert

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

SCHEMA = "identity"
ROLE, PERMISSION = "admin", "identity:administer"

ROLES = sa.table("roles", sa.column("name"), sa.column("description"), schema=SCHEMA)
PERMISSIONS = sa.table("role_permissions", sa.column("role"), sa.column("permission"), schema=SCHEMA)

# Before and after. A text that an operator has changed stays.
DESCRIPTIONS = (
    "An administrator, who may also edit, unpublish and delete the posts of others, and delete their comments",
    "An administrator of accounts, roles, clients, services and keys, who may also moderate",
)


def upgrade() -> None:
    _describe(*DESCRIPTIONS)
    row = sa.select(ROLES.c.name, sa.literal(PERMISSION)).where(ROLES.c.name == ROLE)
    op.execute(insert(PERMISSIONS).from_select(["role", "permission"], row).on_conflict_do_nothing())


def downgrade() -> None:
    _describe(*reversed(DESCRIPTIONS))
    op.execute(sa.delete(PERMISSIONS).where(PERMISSIONS.c.permission == PERMISSION))


def _describe(current: str, description: str) -> None:
    is_unchanged = (ROLES.c.name == ROLE) & (ROLES.c.description == current)
    op.execute(sa.update(ROLES).where(is_unchanged).values(description=description))
