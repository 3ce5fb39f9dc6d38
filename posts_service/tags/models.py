"""The tables of tags."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from posts_service.tables import Base, Instant


class Tag(Base):
    """A tag, and how many published posts have it."""

    __tablename__ = "tags"

    name: Mapped[str] = mapped_column(primary_key=True)
    posts: Mapped[int] = mapped_column(server_default=text("0"))


class PostTag(Base):
    """One tag of a published post. `published_at` is the post's, so that a list by tag walks along one index."""

    __tablename__ = "post_tags"

    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.posts.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
    published_at: Mapped[Instant]


# The number is negative, so that one comparison of two columns is the place of a page: most posts first, names from a.
Index("tags_by_posts_idx", -Tag.posts, Tag.name)
Index("post_tags_by_tag_idx", PostTag.tag, PostTag.published_at, PostTag.post_id)
