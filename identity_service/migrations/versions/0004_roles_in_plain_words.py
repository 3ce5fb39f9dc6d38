"""Roles in plain words, with no permission but those that code reads."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import insert

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCHEMA = "identity"

# Before and after. A text that an operator has changed stays.
DESCRIPTIONS = {
    "user": ("Whoever has an account", "A person with an account"),
    "moderator": ("Keeps the house in order", "May edit and delete the posts of others"),
    "admin": (
        "May do everything that somebody must",
        "An administrator, who may also edit and delete the posts of others",
    ),
}

# Permissions that were seeded for features that do not exist.
UNREAD = {
    "moderator": ("post:unpublish_any", "comment:delete_any"),
    "admin": ("post:unpublish_any", "comment:delete_any", "user:manage", "audit:read", "key:rotate"),
}

ROLES = sa.table("roles", sa.column("name"), sa.column("description"), schema=SCHEMA)
PERMISSIONS = sa.table("role_permissions", sa.column("role"), sa.column("permission"), schema=SCHEMA)


def upgrade() -> None:
    for role, (before, after) in DESCRIPTIONS.items():
        _describe(role, before, after)
    for role, permissions in UNREAD.items():
        of_role = (PERMISSIONS.c.role == role) & PERMISSIONS.c.permission.in_(permissions)
        op.execute(sa.delete(PERMISSIONS).where(of_role))


def downgrade() -> None:
    for role, (before, after) in DESCRIPTIONS.items():
        _describe(role, after, before)
    for role, permissions in UNREAD.items():
        for permission in permissions:
            _permit(role, permission)


def _describe(role: str, current: str, description: str) -> None:
    is_unchanged = (ROLES.c.name == role) & (ROLES.c.description == current)
    op.execute(sa.update(ROLES).where(is_unchanged).values(description=description))


def _permit(role: str, permission: str) -> None:
    """Give the role the permission, unless it has it, or an operator has deleted the role."""
    row = sa.select(ROLES.c.name, sa.literal(permission)).where(ROLES.c.name == role)
    op.execute(insert(PERMISSIONS).from_select(["role", "permission"], row).on_conflict_do_nothing())
