"""An account that is purged takes everything of its owner along; a new name goes onto the author's card."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.authors import repository as authors
from posts_service.posts import repository as posts
from watchword.events.receiver import Effect
from watchword.events.security_event import ReceivedEvent
from watchword.events.types import EventType


async def erase_author(db: AsyncSession, received: ReceivedEvent) -> None:
    """Every post, draft and the card, in the transaction that also refuses the author's tokens."""
    if (author_id := _person(received)) is not None:
        await authors.lock_exclusively(db, author_id)
        await posts.delete_all_by(db, author_id)
        await authors.delete_card(db, author_id)


async def rename_author(db: AsyncSession, received: ReceivedEvent) -> None:
    """The card bears the name that the account has since the event."""
    username = received.claims.get("new-value")
    if (author_id := _person(received)) is not None and isinstance(username, str):
        await authors.rename(db, author_id, username, received.at)


def _person(received: ReceivedEvent) -> UUID | None:
    """A subject that is no person's id has written nothing here."""
    try:
        return UUID(received.subject)
    except (ValueError, TypeError):
        return None


EFFECTS: Final[Mapping[str, Effect]] = {
    EventType.ACCOUNT_PURGED: erase_author,
    EventType.IDENTIFIER_CHANGED: rename_author,
}
