"""Erasing a person in portions, each in a short transaction: others wait for none of them long.

Locks are taken in the order of the service: the card, posts by their ids, what hangs on them, tags by their names.
"""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.authors import repository as authors
from posts_service.comments import erasure as comments
from posts_service.erasure import portions, repository
from posts_service.idempotency import repository as idempotency
from posts_service.likes import repository as likes

POSTS: Final = 200
"""How many posts a portion is about: those of the person, and those that they have written at, liked or reported."""

REACTIONS: Final = 20_000
"""How many likes and comments the person's own posts of a portion may have together. If they have more, a portion
deletes half as many, and no post."""


async def erase_portion(db: AsyncSession, person_id: UUID) -> bool:
    """Erase some of what is this person's. True if there is more; otherwise the card is deleted too.

    The person's tokens are refused already; the lock waits for what a request with one of them is still writing.
    """
    await authors.lock_exclusively(db, person_id)
    await authors.close(db, person_id)
    posts = await portions.lock_posts(db, person_id, POSTS)
    own = [post for post in posts if post.is_own]
    own_ids, other_ids = [post.id for post in own], [post.id for post in posts if not post.is_own]
    if sum(post.reactions for post in own) > REACTIONS and await portions.thin_out(db, own_ids, REACTIONS // 2):
        return True
    liked = await likes.delete_all_of(db, person_id, other_ids)
    commented = await comments.delete_all_of(db, person_id, other_ids)
    await repository.change_posts(db, person_id, other_ids, liked, commented)
    await repository.delete_reports_by(db, person_id, other_ids)
    await repository.forget_moderator(db, person_id, other_ids)
    await repository.delete_posts(db, own_ids)
    if await portions.has_more(db, person_id):
        return True
    await idempotency.delete_all_of(db, person_id)
    await authors.delete_card(db, person_id)
    return False
