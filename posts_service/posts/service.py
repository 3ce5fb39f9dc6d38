"""What can be done with posts. Each block is a transaction."""

from dataclasses import dataclass
from uuid import UUID

from posts_service.authors import repository as authors
from posts_service.errors import PostChanged, PostNotFound
from posts_service.posts import policy, repository
from posts_service.posts.cursor import Cursor
from posts_service.posts.models import SUMMARY_CHARACTERS, first_version, next_version
from posts_service.posts.schemas import PostChanges, PostDraft
from posts_service.posts.view import PostView
from watchword.auth import InvalidToken, MissingToken, NotPermitted, Principal
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.http.conditional import Preconditions


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


class Posts:
    """The use cases of posts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def read(self, reader: Principal | None, post_id: UUID) -> PostView:
        """A post that this reader may see. Raises PostNotFound."""
        view = await repository.find_view(self._database.reads, post_id)
        if view is None:
            raise PostNotFound
        policy.ensure_can_see(reader, view)
        return view

    async def list_published(self, author_id: UUID | None, cursor: Cursor | None, limit: int) -> Page:
        """Published posts of one author or of all, the newest first."""
        views = await repository.list_published(self._database.reads, author_id, cursor or repository.TOP, limit + 1)
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
        views = await repository.list_drafts(self._database.reads, own_id, cursor or repository.TOP, limit + 1)
        return Page.of(views, limit)

    async def publish(self, writer: Principal, draft: PostDraft) -> PostView:
        """Create a post of the writer's, published or as a draft."""
        author_id = writer.person_id()
        if writer.username is None:
            raise NotPermitted("the token names no author")
        members = draft.model_dump()
        columns = first_version(members, self._clock.now())
        view = await repository.insert(self._database.writes, author_id, writer.issued_at, columns)
        if view is not None:
            return view
        # The first post since the token was issued: the card is not there yet, or its name may be an older one.
        async with self._database.writes.begin() as db:
            await authors.upsert(db, author_id, writer.username, writer.issued_at)
            # The statements above may have waited. With an older time, listeners could miss the post.
            columns = first_version(members, self._clock.now())
            view = await repository.insert(db, author_id, writer.issued_at, columns)
            if view is None:
                raise InvalidToken("the author's account is purged")
        return view

    async def edit(
        self, editor: Principal, post_id: UUID, changes: PostChanges, preconditions: Preconditions
    ) -> PostView:
        """Change the members that `changes` sets. Raises PostNotFound, NotTheAuthor, PostChanged."""
        async with self._database.writes.begin() as db:
            post = await repository.get_for_update(db, post_id)
            policy.ensure_can_edit(editor, post)
            if "state" in changes.model_fields_set:
                policy.ensure_can_publish(editor, post)
            preconditions.ensure_changeable(post.etag, PostChanged)
            columns = next_version(post, changes.model_dump(exclude_unset=True), self._clock.now())
            if columns:
                await repository.update(db, post_id, columns)
        changed = post._replace(**columns)
        return changed._replace(summary=changed.body[:SUMMARY_CHARACTERS])

    async def delete(self, editor: Principal, post_id: UUID, preconditions: Preconditions) -> None:
        """Delete a post. Raises PostNotFound, NotTheAuthor, PostChanged."""
        async with self._database.writes.begin() as db:
            post = await repository.get_for_update(db, post_id)
            policy.ensure_can_delete(editor, post)
            preconditions.ensure_changeable(post.etag, PostChanged)
            await repository.delete(db, post_id)
