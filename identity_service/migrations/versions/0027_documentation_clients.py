"""The clients of the documentation pages lose the password grant: the pages sign in by redirect."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Up to here the set-up gave them the grant. An operator who gives it to one of them later keeps it.
    op.execute(
        "UPDATE identity.clients SET grants = array_remove(grants, 'password')"
        " WHERE id IN ('identity-docs', 'posts-docs') AND 'password' = ANY (grants)"
    )


def downgrade() -> None:
    """Change nothing: the set-up of the previous release gives them the grant."""
