"""What readers get of comments: a page of those on a post."""

from uuid import UUID

from posts_service.comments import reading_statements as statements
from posts_service.comments.cursor import START, Cursor
from posts_service.comments.view import CommentView
from posts_service.posts import policy as posts
from posts_service.posts.reading_statements import get_owned
from watchword.auth import Principal
from watchword.database.database import Database
from watchword.http.paging import Page


class CommentReading:
    """The use case of readers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_of(
        self, reader: Principal | None, post_id: UUID, cursor: str | None, limit: int
    ) -> Page[CommentView]:
        """Comments on a post that this reader may see. Raises PostNotFound, InvalidCursor."""
        begin = START if cursor is None else Cursor.parse(cursor, post_id)
        posts.ensure_can_see(reader, await get_owned(self._database.reads, post_id))
        views = await statements.list_of(self._database.reads, post_id, begin, limit + 1)
        return Page.of(views, limit, lambda view: Cursor.of(view).text_for(post_id))
