"""What feed readers get: the newest posts, as everybody sees them."""

from typing import Final

from posts_service.feed import repository
from posts_service.feed.atom import atom_feed
from posts_service.posts import reading_statements
from posts_service.posts.post_query import PostQuery
from watchword.database.database import Database

ENTRIES: Final = 20


class AtomFeed:
    """The use case of feed readers."""

    def __init__(self, database: Database, origin: str) -> None:
        """`origin` is that of the addresses of posts."""
        self._reads = database.reads
        self._origin = origin

    async def read(self, query: PostQuery) -> bytes:
        """The feed of the newest of these posts, the same for every reader. Raises UnsupportedCombination."""
        newest = await reading_statements.list_views(self._reads, query, None, ENTRIES, None)
        views = await repository.list_published(self._reads, [view.id for view in newest])
        return atom_feed(self._origin, query, views)
