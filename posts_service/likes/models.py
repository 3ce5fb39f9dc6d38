"""The table of likes."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from posts_service.authors.models import Author
from posts_service.posts.models import Post
from posts_service.tables import Base, Instant


class Like(Base):
    """That a person likes a post. The post counts its likes in a column of its own."""

    __tablename__ = "likes"

    post_id: Mapped[UUID] = mapped_column(ForeignKey(Post.id, ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey(Author.id), primary_key=True)
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())


# An export walks along it, and what a person likes is found by it.
Index("likes_of_person_idx", Like.person_id, Like.post_id)
