"""The table of comments."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from posts_service.authors.models import Author
from posts_service.posts.models import Post
from posts_service.tables import Base, Instant


class Comment(Base):
    """A comment on a post, or an answer to one: `depth` is 0 or 1, and `thread_id` is the id of the comment that the
    thread began with. One that is removed while it has answers is kept as a placeholder, without text and author.
    """

    __tablename__ = "comments"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    post_id: Mapped[UUID] = mapped_column(ForeignKey(Post.id, ondelete="CASCADE"))
    thread_id: Mapped[UUID]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("posts.comments.id", ondelete="CASCADE"), index=True)
    depth: Mapped[int] = mapped_column(SmallInteger)
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey(Author.id))
    body: Mapped[str | None]
    html: Mapped[str | None]
    renderer: Mapped[int] = mapped_column(SmallInteger)
    version: Mapped[int]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    removed_at: Mapped[Instant | None]


# The order of a page: thread by thread, each comment before its answers.
Index("comments_threads_idx", Comment.post_id, Comment.thread_id, Comment.depth, Comment.id)
# An export walks along it, and what is an author's is found by it.
Index("comments_of_author_idx", Comment.author_id, Comment.id)
# A placeholder has no text to render.
Index("comments_renderer_idx", Comment.renderer, postgresql_where=text("body IS NOT NULL"))
