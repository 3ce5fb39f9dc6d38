"""The SQL of author cards."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, String, Uuid, delete, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.authors.models import Author
from posts_service.tables import RECEIVER
from watchword.database import locks


async def upsert(db: AsyncSession, author_id: UUID, username: str, named_at: datetime) -> Author | None:
    """Insert the card, or update it if this token is newer; None for an author whose account is purged.

    Until the transaction ends the account cannot be purged here: a purge that comes later deletes what is written now.
    """
    await locks.lock_shared(db, _lock_name(author_id))
    values = select(
        literal(author_id, Uuid()), literal(username, String()), literal(named_at, DateTime(timezone=True))
    ).where(~RECEIVER.is_purged(str(author_id)))
    statement = insert(Author).from_select(["id", "username", "named_at"], values)
    new = statement.excluded
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=[Author.id],
            set_={"username": new.username, "named_at": new.named_at},
            where=Author.named_at < new.named_at,
        )
    )
    return await db.get(Author, author_id)


async def rename(db: AsyncSession, author_id: UUID, username: str, named_at: datetime) -> None:
    """Update the name on the card, unless it is newer. An author who has written nothing has no card."""
    is_older = Author.id == author_id, Author.named_at <= named_at
    await db.execute(update(Author).where(*is_older).values(username=username, named_at=named_at))


async def lock_exclusively(db: AsyncSession, author_id: UUID) -> None:
    """Wait until nothing of this author is being written, and keep it so until the transaction ends."""
    await locks.lock(db, _lock_name(author_id))


async def delete_card(db: AsyncSession, author_id: UUID) -> None:
    await db.execute(delete(Author).where(Author.id == author_id))


def _lock_name(author_id: UUID) -> str:
    return f"author {author_id}"
