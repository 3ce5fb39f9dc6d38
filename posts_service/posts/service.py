"""What can be done with posts, apart from reading. Each block is a transaction."""

from uuid import UUID

from posts_service.authors import repository as authors
from posts_service.errors import PostChanged
from posts_service.limits import WritingLimits
from posts_service.posts import policy, repository
from posts_service.posts.models import SUMMARY_CHARACTERS, first_version, next_version
from posts_service.posts.schemas import PostChanges, PostDraft
from posts_service.posts.view import PostView
from watchword.auth import InvalidToken, NotPermitted, Principal
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.http.conditional import Preconditions


class Posts:
    """The use cases of those who write."""

    def __init__(self, database: Database, clock: Clock, limits: WritingLimits) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits

    async def publish(self, writer: Principal, draft: PostDraft) -> PostView:
        """Create a post of the writer's, published or as a draft. Raises LimitReached."""
        author_id = writer.person_id()
        if writer.username is None:
            raise NotPermitted("the token names no author")
        await self._limits.ensure_may_write(writer)
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
        """Change the members that `changes` sets. Raises PostNotFound, NotTheAuthor, PostChanged, LimitReached."""
        await self._limits.ensure_may_write(editor)
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
