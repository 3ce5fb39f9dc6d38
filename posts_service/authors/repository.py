"""The table of author cards."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, String, Uuid, delete, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.authors.models import Author
from posts_service.tables import RECEIVER


async def keep(db: AsyncSession, author_id: UUID, username: str, named_at: datetime) -> Author | None:
    """Make the card, or bring it up to what a newer token says; None for an author whose account is purged.

    Until the transaction ends nobody is purged: what is written under this card is found by whoever purges later.
    """
    await _lock(db, author_id, "pg_advisory_xact_lock_shared")
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
    """Bring the card up to a newer name; whoever has written nothing has none."""
    older = Author.id == author_id, Author.named_at <= named_at
    await db.execute(update(Author).where(*older).values(username=username, named_at=named_at))


async def lock_exclusively(db: AsyncSession, author_id: UUID) -> None:
    """Wait for whatever this author is writing, and let nothing more be written until the transaction ends."""
    await _lock(db, author_id, "pg_advisory_xact_lock")


async def delete_card(db: AsyncSession, author_id: UUID) -> None:
    await db.execute(delete(Author).where(Author.id == author_id))


async def _lock(db: AsyncSession, author_id: UUID, function: str) -> None:
    await db.execute(text(f"SELECT {function}(hashtextextended(:name, 0))"), {"name": f"author {author_id}"})
