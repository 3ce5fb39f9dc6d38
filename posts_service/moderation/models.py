"""The table of reports."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from posts_service.authors.models import Author
from posts_service.comments.models import Comment
from posts_service.posts.models import Post
from posts_service.tables import Base, Instant


class ReportState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"
    """The moderator agrees with the report."""
    DISMISSED = "dismissed"


class Report(Base):
    """What a reader says against a post or a comment. It is deleted with the thing that it is about."""

    __tablename__ = "reports"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'resolved', 'dismissed')", "state"),
        CheckConstraint("(post_id IS NULL) <> (comment_id IS NULL)", "thing"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    post_id: Mapped[UUID | None] = mapped_column(ForeignKey(Post.id, ondelete="CASCADE"), index=True)
    comment_id: Mapped[UUID | None] = mapped_column(ForeignKey(Comment.id, ondelete="CASCADE"), index=True)
    reporter_id: Mapped[UUID] = mapped_column(ForeignKey(Author.id))
    reason: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[Instant]
    decided_by: Mapped[UUID | None] = mapped_column(index=True)
    decided_at: Mapped[Instant | None]
    note: Mapped[str | None]


# An export walks along it, and what a person has reported is found by it.
Index("reports_of_reporter_idx", Report.reporter_id, Report.id)
Index("reports_queue_idx", Report.state, Report.id)
# A person has one open report against a thing.
_OPEN = text("state = 'open'")
Index("reports_open_post_key", Report.reporter_id, Report.post_id, unique=True, postgresql_where=_OPEN)
Index("reports_open_comment_key", Report.reporter_id, Report.comment_id, unique=True, postgresql_where=_OPEN)
