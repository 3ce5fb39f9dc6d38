"""The permissions to unpublish posts and to delete comments, which posts reads."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import insert

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

SCHEMA = "identity"

SEEDED = ("post:edit_any", "post:delete_any")
ADDED = ("post:unpublish_any", "comment:delete_any")

# Before and after. A text that an operator has changed stays.
DESCRIPTIONS = {
    "moderator": (
        "May edit and delete the posts of others",
        "May edit, unpublish and delete the posts of others, and delete their comments",
    ),
    "admin": (
        "An administrator, who may also edit and delete the posts of others",
        "An administrator, who may also edit, unpublish and delete the posts of others, and delete their comments",
    ),
}

ROLES = sa.table("roles", sa.column("name"), sa.column("description"), schema=SCHEMA)
PERMISSIONS = sa.table("role_permissions", sa.column("role"), sa.column("permission"), schema=SCHEMA)


def upgrade() -> None:
    for role, (before, after) in DESCRIPTIONS.items():
        _describe(role, before, after)
        for permission in ADDED:
            row = _if_unchanged(role, permission)
            op.execute(insert(PERMISSIONS).from_select(["role", "permission"], row).on_conflict_do_nothing())


def downgrade() -> None:
    for role, (before, after) in DESCRIPTIONS.items():
        _describe(role, after, before)
        of_role = (PERMISSIONS.c.role == role) & PERMISSIONS.c.permission.in_(ADDED)
        op.execute(sa.delete(PERMISSIONS).where(of_role))


def _describe(role: str, current: str, description: str) -> None:
    is_unchanged = (ROLES.c.name == role) & (ROLES.c.description == current)
    op.execute(sa.update(ROLES).where(is_unchanged).values(description=description))


def _if_unchanged(role: str, permission: str) -> "sa.Select[Any]":
    """The row of this permission, if the role has what it was seeded with: an operator who took some of it away, or
    deleted the role, has decided otherwise."""
    seeded = sa.select(sa.func.count()).where(PERMISSIONS.c.role == role, PERMISSIONS.c.permission.in_(SEEDED))
    names = sa.select(ROLES.c.name, sa.literal(permission))
    return names.where(ROLES.c.name == role, seeded.scalar_subquery() == len(SEEDED))
