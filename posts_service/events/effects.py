"""What events do to posts: what a purged account has written is deleted; a new name goes onto the author's card.

A subject that is no user's id in its canonical form has written nothing here.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.authors import repository as authors
from posts_service.comments import erasure as comments
from posts_service.idempotency import repository as idempotency
from posts_service.likes import repository as likes
from posts_service.posts import repository as posts
from posts_service.tags import repository as tags
from watchword.events.security_event import ReceivedEvent
from watchword.events.store import Effect
from watchword.events.types import EventType
from watchword.ids import parse_uuid


async def erase_author(db: AsyncSession, received: ReceivedEvent) -> None:
    """Delete every post, draft, like and comment, and the card. The author's tokens are refused already; the lock
    waits for what a request with one of them is still writing."""
    if (author_id := parse_uuid(received.subject)) is not None:
        await authors.lock_exclusively(db, author_id)
        await posts.lock_all(db, author_id, likes.posts_liked_by(author_id), comments.posts_commented_by(author_id))
        await tags.delete_all_of(db, posts.ids_by(author_id))
        await posts.delete_all_by(db, author_id)
        await likes.delete_all_of(db, author_id)
        await comments.delete_all_of(db, author_id)
        await idempotency.delete_all_of(db, author_id)
        await authors.delete_card(db, author_id)


async def rename_author(db: AsyncSession, received: ReceivedEvent) -> None:
    """Write the account's new name onto the card."""
    username = received.claims.get("new-value")
    if (author_id := parse_uuid(received.subject)) is not None and isinstance(username, str):
        await authors.rename(db, author_id, username, received.at)


EFFECTS: Final[Mapping[str, Effect]] = {
    EventType.ACCOUNT_PURGED: erase_author,
    EventType.IDENTIFIER_CHANGED: rename_author,
}
