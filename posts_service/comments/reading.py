"""What readers get of comments: a page of those on a post."""

from dataclasses import dataclass
from uuid import UUID

from posts_service.comments import reading_statements as statements
from posts_service.comments.cursor import START, Cursor
from posts_service.comments.view import CommentView
from posts_service.errors import PostNotFound
from posts_service.posts import policy as posts
from watchword.auth import Principal
from watchword.database.database import Database


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the comments on a post. `next_cursor` is where the next page begins, None on the last one."""

    views: list[CommentView]
    next_cursor: str | None

    def first(self, count: int) -> "Page":
        """The first `count` of these comments, as a page that is not the last."""
        last = self.views[count - 1]
        return Page(self.views[:count], Cursor(last.thread_id, last.depth, last.id).text_for(last.post_id))


class CommentReading:
    """The use case of readers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_of(self, reader: Principal | None, post_id: UUID, cursor: str | None, limit: int) -> Page:
        """Comments on a post that this reader may see. Raises PostNotFound, InvalidCursor."""
        begin = START if cursor is None else Cursor.parse(cursor, post_id)
        post = await statements.find_post(self._database.reads, post_id)
        if post is None:
            raise PostNotFound
        posts.ensure_can_see(reader, post)
        views = await statements.list_of(self._database.reads, post_id, begin, limit + 1)
        page = Page(views, None)
        return page.first(limit) if len(views) > limit else page
