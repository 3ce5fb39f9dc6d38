"""The table of search terms."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from posts_service.tables import Base, Instant


class PostTerms(Base):
    """The words of a published post, apart from it: a like writes the row of the post anew, and this one stays."""

    __tablename__ = "post_terms"

    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.posts.id", ondelete="CASCADE"), primary_key=True)
    published_at: Mapped[Instant]
    terms: Mapped[str] = mapped_column(TSVECTOR)


Index("post_terms_newest_idx", PostTerms.published_at, PostTerms.post_id)
Index("post_terms_words_idx", PostTerms.terms, postgresql_using="gin")
