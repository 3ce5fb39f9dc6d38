"""What a content service keeps: slugs, tags, likes, comments, former versions, reports, and the acts of moderators."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SCHEMA = "posts"
INSTANT = sa.DateTime(timezone=True)
TEXTS = ARRAY(sa.String)
UUIDV7 = sa.text("uuidv7()")

# Those that the previous release does not know have a default, or are null.
POST_COLUMNS: tuple[tuple[str, Any, dict[str, Any]], ...] = (
    ("publish_at", INSTANT, {}),
    ("unpublished_reason", sa.String, {}),
    ("editor_id", sa.Uuid, {}),
    ("tags", TEXTS, {"nullable": False, "server_default": "{}"}),
    ("likes", sa.Integer, {"nullable": False, "server_default": sa.text("0")}),
    ("comments", sa.Integer, {"nullable": False, "server_default": sa.text("0")}),
    ("slug", sa.String, {}),
    ("summary", sa.String, {}),
    ("has_own_summary", sa.Boolean, {"nullable": False, "server_default": sa.false()}),
    ("html", sa.String, {}),
    ("renderer", sa.SmallInteger, {"nullable": False, "server_default": sa.text("0")}),
    ("derived_version", sa.Integer, {"nullable": False, "server_default": sa.text("0")}),
)


def upgrade() -> None:
    for name, kind, options in POST_COLUMNS:
        op.add_column("posts", sa.Column(name, kind, **options), schema=SCHEMA)
    # The next revision validates it, under a lock that lets everybody write.
    op.execute(
        "ALTER TABLE posts.posts DROP CONSTRAINT posts_state_check, ADD CONSTRAINT posts_state_check"
        " CHECK (state IN ('draft', 'published', 'unpublished')) NOT VALID"
    )
    _create_names()
    _create_likes_comments()
    _create_versions()
    _create_moderation()


def _create_names() -> None:
    """Slugs, tags and words, by which posts are found."""
    op.create_table(
        "slugs",
        sa.Column("slug", sa.String, primary_key=True),
        _post_id(nullable=False, index=True),
        schema=SCHEMA,
    )
    op.create_table(
        "tags",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("posts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Index("tags_by_posts_idx", "posts", "name"),
        schema=SCHEMA,
    )
    op.create_table(
        "post_tags",
        _post_id(primary_key=True),
        sa.Column("tag", sa.String, primary_key=True),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Index("post_tags_by_tag_idx", "tag", "published_at", "post_id"),
        schema=SCHEMA,
    )
    op.create_table(
        "post_terms",
        _post_id(primary_key=True),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("terms", TSVECTOR, nullable=False),
        sa.Index("post_terms_newest_idx", "published_at", "post_id"),
        sa.Index("post_terms_words_idx", "terms", postgresql_using="gin"),
        schema=SCHEMA,
    )


def _create_likes_comments() -> None:
    op.create_table(
        "likes",
        _post_id(primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("posts.authors.id"), primary_key=True, index=True),
        sa.Column("created_at", INSTANT, nullable=False, server_default=sa.func.now()),
        schema=SCHEMA,
    )
    op.create_table(
        "comments",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=UUIDV7),
        _post_id(nullable=False),
        sa.Column("thread_id", sa.Uuid, nullable=False),
        sa.Column("parent_id", sa.Uuid, sa.ForeignKey("posts.comments.id", ondelete="CASCADE"), index=True),
        sa.Column("depth", sa.SmallInteger, nullable=False),
        sa.Column("author_id", sa.Uuid, sa.ForeignKey("posts.authors.id"), index=True),
        sa.Column("body", sa.String),
        sa.Column("html", sa.String),
        sa.Column("renderer", sa.SmallInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("removed_at", INSTANT),
        sa.Index("comments_threads_idx", "post_id", "thread_id", "depth", "id"),
        schema=SCHEMA,
    )


def _create_versions() -> None:
    op.create_table(
        "post_versions",
        _post_id(primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("summary", sa.String),
        sa.Column("tags", TEXTS, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("editor_id", sa.Uuid, index=True),
        sa.Column("written_at", INSTANT, nullable=False),
        schema=SCHEMA,
    )


def _create_moderation() -> None:
    is_open = sa.text("state = 'open'")
    op.create_table(
        "reports",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=UUIDV7),
        _post_id(index=True),
        sa.Column("comment_id", sa.Uuid, sa.ForeignKey("posts.comments.id", ondelete="CASCADE"), index=True),
        sa.Column("reporter_id", sa.Uuid, sa.ForeignKey("posts.authors.id"), nullable=False, index=True),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("decided_by", sa.Uuid, index=True),
        sa.Column("decided_at", INSTANT),
        sa.Column("note", sa.String),
        sa.CheckConstraint("state IN ('open', 'resolved', 'dismissed')", "state"),
        sa.CheckConstraint("(post_id IS NULL) <> (comment_id IS NULL)", "thing"),
        sa.Index("reports_queue_idx", "state", "id"),
        sa.Index("reports_open_post_key", "reporter_id", "post_id", unique=True, postgresql_where=is_open),
        sa.Index("reports_open_comment_key", "reporter_id", "comment_id", unique=True, postgresql_where=is_open),
        schema=SCHEMA,
    )
    op.create_table(
        "moderation_actions",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=UUIDV7),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("actor_id", sa.Uuid, nullable=False),
        sa.Column("owner_id", sa.Uuid),
        sa.Column("post_id", sa.Uuid),
        sa.Column("comment_id", sa.Uuid),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("happened_at", INSTANT, nullable=False, server_default=sa.func.now()),
        sa.Index("moderation_actions_by_post_idx", "post_id", "id"),
        sa.Index("moderation_actions_by_actor_idx", "actor_id", "id"),
        schema=SCHEMA,
    )
    # The record is added to, and neither changed nor shortened.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON posts.moderation_actions FROM posts_app")


def _post_id(**options: Any) -> "sa.Column[Any]":
    return sa.Column("post_id", sa.Uuid, sa.ForeignKey("posts.posts.id", ondelete="CASCADE"), **options)


def downgrade() -> None:
    for table in (
        "moderation_actions",
        "reports",
        "post_versions",
        "comments",
        "likes",
        "post_terms",
        "post_tags",
        "tags",
        "slugs",
    ):
        op.drop_table(table, schema=SCHEMA)
    op.execute("UPDATE posts.posts SET state = 'draft' WHERE state = 'unpublished'")
    op.execute(
        "ALTER TABLE posts.posts DROP CONSTRAINT posts_state_check, ADD CONSTRAINT posts_state_check"
        " CHECK (state IN ('draft', 'published'))"
    )
    for name, _, _ in POST_COLUMNS:
        op.drop_column("posts", name, schema=SCHEMA)
