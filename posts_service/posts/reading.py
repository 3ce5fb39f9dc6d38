"""What readers get of posts: one, or a page of a list."""

from dataclasses import replace
from uuid import UUID

from posts_service.errors import PostNotFound
from posts_service.posts import policy
from posts_service.posts import reading_statements as statements
from posts_service.posts.cursor import Cursor
from posts_service.posts.models import State
from posts_service.posts.post_query import PostQuery
from posts_service.posts.view import PostView
from watchword.auth import MissingToken, Principal
from watchword.database.database import Database
from watchword.http.paging import Page


class PostReading:
    """The use cases of readers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, reader: Principal | None, post_id: UUID) -> PostView:
        """A post that this reader may see. Raises PostNotFound."""
        return _visible(reader, await statements.find_view(self._database.reads, post_id, _person_id(reader)))

    async def read_by_slug(self, reader: Principal | None, slug: str) -> PostView:
        """The post that has this slug, or has had it while it was public. Raises PostNotFound."""
        return _visible(reader, await statements.find_by_slug(self._database.reads, slug, _person_id(reader)))

    async def list(self, reader: Principal | None, query: PostQuery, cursor: str | None, limit: int) -> Page[PostView]:
        """A page of what this reader may see of these posts. Raises MissingToken, NotPermitted, InvalidCursor,
        UnsupportedCombination."""
        if query.state is not State.PUBLISHED:
            return await self._list_hidden(reader, query, cursor, limit)
        return await self._list(reader, query, cursor, limit)

    async def _list_hidden(
        self, reader: Principal | None, query: PostQuery, cursor: str | None, limit: int
    ) -> Page[PostView]:
        if reader is None:
            raise MissingToken("what is not published is its author's")
        if query.state is not State.UNPUBLISHED or not policy.may_unpublish(reader):
            own_id = reader.person_id()
            if query.author_id not in (None, own_id):
                return Page([], str)
            query = replace(query, author_id=own_id)
        return await self._list(reader, query, cursor, limit)

    async def _list(self, reader: Principal | None, query: PostQuery, cursor: str | None, limit: int) -> Page[PostView]:
        begin = None if cursor is None else Cursor.parse(cursor, query.list_name)
        views = await statements.list_views(self._database.reads, query, begin, limit + 1, _person_id(reader))
        return Page.of(views, limit, lambda view: str(statements.cursor_of(view, query)))


def _visible(reader: Principal | None, view: PostView | None) -> PostView:
    if view is None:
        raise PostNotFound
    policy.ensure_can_see(reader, view)
    return view


def _person_id(reader: Principal | None) -> UUID | None:
    return None if reader is None else reader.find_person_id()
