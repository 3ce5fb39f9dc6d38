"""What readers get of posts: one, or a page of a list."""

from dataclasses import dataclass
from uuid import UUID

from posts_service.errors import PostNotFound
from posts_service.posts import policy
from posts_service.posts import reading_statements as statements
from posts_service.posts.cursor import Cursor
from posts_service.posts.view import PostView
from watchword.auth import MissingToken, Principal
from watchword.database.database import Database


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `next_cursor` is where the next page begins, None on the last one."""

    views: list[PostView]
    next_cursor: Cursor | None

    @classmethod
    def of(cls, views: list[PostView], limit: int) -> "Page":
        """A page of at most `limit` posts; one view more than that means that there is a next page."""
        return cls(views, None).first(limit) if len(views) > limit else cls(views, None)

    def first(self, count: int) -> "Page":
        """The first `count` of these posts, as a page that is not the last."""
        last = self.views[count - 1]
        return Page(self.views[:count], Cursor(last.listed_at, last.id))


class PostReading:
    """The use cases of readers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, reader: Principal | None, post_id: UUID) -> PostView:
        """A post that this reader may see. Raises PostNotFound."""
        view = await statements.find_view(self._database.reads, post_id)
        if view is None:
            raise PostNotFound
        policy.ensure_can_see(reader, view)
        return view

    async def list_published(self, author_id: UUID | None, cursor: Cursor | None, limit: int) -> Page:
        """Published posts of one author or of all, the newest first."""
        views = await statements.list_published(self._database.reads, author_id, cursor or statements.TOP, limit + 1)
        return Page.of(views, limit)

    async def list_drafts(
        self, reader: Principal | None, author_id: UUID | None, cursor: Cursor | None, limit: int
    ) -> Page:
        """The reader's own drafts, the newest first; those of another author are an empty page."""
        if reader is None:
            raise MissingToken("drafts are their author's")
        own_id = reader.person_id()
        if author_id not in (None, own_id):
            return Page([], None)
        views = await statements.list_drafts(self._database.reads, own_id, cursor or statements.TOP, limit + 1)
        return Page.of(views, limit)
