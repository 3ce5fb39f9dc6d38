"""What events do to posts: what is a purged account's is erased; a new name goes onto the author's card, and so does
whether the account is disabled, since what it has scheduled is not published then.

A subject that is no user's id in its canonical form has written nothing here.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.authors import repository as authors
from posts_service.erasure.erasure import erase_portion
from watchword.events.security_event import ReceivedEvent
from watchword.events.store import Effect
from watchword.events.types import EventType
from watchword.ids import parse_uuid


async def erase_author(db: AsyncSession, received: ReceivedEvent) -> bool:
    """Erase a portion of what is the author's; True if there is more."""
    author_id = parse_uuid(received.subject)
    return author_id is not None and await erase_portion(db, author_id)


async def rename_author(db: AsyncSession, received: ReceivedEvent) -> None:
    """Write the account's new name onto the card."""
    username = received.claims.get("new-value")
    if (author_id := parse_uuid(received.subject)) is not None and isinstance(username, str):
        await authors.rename(db, author_id, username, received.at)


async def disable_author(db: AsyncSession, received: ReceivedEvent) -> None:
    """Write onto the card that the account is disabled."""
    await _set_disabled(db, received, True)


async def enable_author(db: AsyncSession, received: ReceivedEvent) -> None:
    """Write onto the card that the account is not disabled."""
    await _set_disabled(db, received, False)


async def _set_disabled(db: AsyncSession, received: ReceivedEvent, is_disabled: bool) -> None:
    if (author_id := parse_uuid(received.subject)) is not None:
        await authors.set_disabled(db, author_id, is_disabled, version=received.version, at=received.at)


EFFECTS: Final[Mapping[str, Effect]] = {
    EventType.ACCOUNT_DISABLED: disable_author,
    EventType.ACCOUNT_ENABLED: enable_author,
    EventType.ACCOUNT_PURGED: erase_author,
    EventType.IDENTIFIER_CHANGED: rename_author,
}
