"""The table of author cards."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.authors.models import Author


async def keep(db: AsyncSession, author_id: UUID, username: str, named_at: datetime) -> None:
    """Make the card, or bring it up to what a newer token says."""
    statement = insert(Author).values(id=author_id, username=username, named_at=named_at)
    new = statement.excluded
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=[Author.id],
            set_={"username": new.username, "named_at": new.named_at},
            where=Author.named_at < new.named_at,
        )
    )
