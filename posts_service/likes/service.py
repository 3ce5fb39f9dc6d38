"""Liking posts, and taking likes back."""

from functools import partial
from uuid import UUID

from posts_service.authors import repository as authors
from posts_service.errors import PostNotFound
from posts_service.likes import repository
from posts_service.limits import WritingLimits
from watchword.auth import InvalidToken, NotPermitted, Principal
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.statements import Statement


class Likes:
    """The use cases of likes. Each returns how many like the post. Raises PostNotFound unless it is published, and
    LimitReached."""

    def __init__(self, database: Database, clock: Clock, limits: WritingLimits) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits

    async def add(self, reader: Principal, post_id: UUID) -> int:
        """Like a post. One that the reader likes already stays so."""
        return await self._change(repository.ADD, reader, post_id)

    async def remove(self, reader: Principal, post_id: UUID) -> int:
        """Take the like of a post back, if there is one."""
        return await self._change(repository.REMOVE, reader, post_id)

    async def _change(self, change: Statement, reader: Principal, post_id: UUID) -> int:
        person_id = reader.person_id()
        if reader.username is None:
            raise NotPermitted("the token names no person")
        await self._limits.ensure_may_like(reader)
        run = partial(repository.run, person_id=person_id, named_at=reader.issued_at, now=self._clock.now())
        count = await run(self._database.writes, change, post_id)
        if count is not None:
            return _known(count)
        # The first act since the token was issued: the card is not there yet, or its name may be an older one.
        async with self._database.writes.begin() as db:
            await authors.upsert(db, person_id, reader.username, reader.issued_at)
            count = await run(db, change, post_id)
            if count is None:
                raise InvalidToken("the reader's account is purged or disabled")
            return _known(count)


def _known(count: repository.Count) -> int:
    if count.likes is None:
        raise PostNotFound
    return count.likes
