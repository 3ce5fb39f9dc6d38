"""The table of slugs."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from posts_service.tables import Base


class Slug(Base):
    """A slug that a post has, or has had since it was first public. No other post gets it while that one exists."""

    __tablename__ = "slugs"

    slug: Mapped[str] = mapped_column(primary_key=True)
    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.posts.id", ondelete="CASCADE"), index=True)
