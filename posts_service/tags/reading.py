"""What readers get of tags."""

from posts_service.tags import reading_statements as statements
from posts_service.tags.counted_tag import START, CountedTag
from watchword.database.database import Database
from watchword.http.paging import Page


class TagReading:
    """The use case of readers."""

    def __init__(self, database: Database) -> None:
        self._reads = database.reads

    async def list(self, cursor: str | None, limit: int) -> Page[CountedTag]:
        """The tags of published posts, those that most posts have first. Raises InvalidCursor."""
        begin = START if cursor is None else CountedTag.parse(cursor)
        return Page.of(await statements.list_tags(self._reads, begin, limit + 1), limit, CountedTag.as_cursor)
