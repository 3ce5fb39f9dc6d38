"""What can be done with posts, apart from reading. Each block is a transaction."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar
from uuid import UUID

from asyncpg import UniqueViolationError

from posts_service.actions.models import Action
from posts_service.actions.policy import Acts
from posts_service.authors import repository as authors
from posts_service.errors import PostChanged
from posts_service.idempotency.service import Idempotency
from posts_service.idempotency.values import Answer, KeyedRequest
from posts_service.limits import WritingLimits
from posts_service.posts import policy, repository
from posts_service.posts.models import State
from posts_service.posts.reading_statements import get_owned
from posts_service.posts.revisions import Revisions
from posts_service.posts.schemas import PostChanges, PostDraft
from posts_service.posts.version_columns import first_version, next_version
from posts_service.posts.view import PostView
from posts_service.rendering.renderer import Renderer
from posts_service.rendering.version import RENDERER_VERSION
from posts_service.slugs.repository import SLUGS_KEY
from posts_service.slugs.slug import another_slug, slug_of
from watchword.auth import InvalidToken, NotPermitted, Principal
from watchword.clock import Clock
from watchword.database import violates
from watchword.database.database import Database
from watchword.database.writes import WritePool, WriteTransaction
from watchword.http.conditional import Preconditions, version_of

Result = TypeVar("Result")

ATTEMPTS: Final = 3
"""How often a post is inserted whose slug another one gets meanwhile. The second slug has six random characters."""


class Posts:
    """The use cases of those who write."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        limits: WritingLimits,
        renderer: Renderer,
        revisions: Revisions,
        *,
        idempotency: Idempotency,
    ) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._renderer = renderer
        self._revisions = revisions
        self._idempotency = idempotency

    async def publish(self, writer: Principal, draft: PostDraft) -> PostView:
        """Create a post of the writer's: published, as a draft, or as one that is published later. Raises
        LimitReached, TooHardToRender, RenderingBusy, InvalidPublication."""
        author_id, members = await self._begin(writer, draft)
        return await _with_free_slug(members, lambda named: self._insert(author_id, writer, named))

    async def publish_once(
        self, writer: Principal, draft: PostDraft, keyed_request: KeyedRequest, answer_of: Callable[[PostView], Answer]
    ) -> Answer:
        """Create a post as `publish` does, or return the answer of the request with this key that has created it.
        Raises IdempotencyKeyReused too."""
        author_id, members = await self._begin(writer, draft)

        async def insert(named: Mapping[str, Any]) -> Answer:
            async def insert_in(db: WriteTransaction) -> Answer:
                return answer_of(await self._insert_with_card(db, author_id, writer, named))

            return await self._idempotency.run(writer, keyed_request, insert_in)

        return await _with_free_slug(members, insert)

    async def edit(
        self, editor: Principal, post_id: UUID, changes: PostChanges, preconditions: Preconditions, reason: str | None
    ) -> PostView:
        """Change the members that `changes` sets. Raises PostNotFound, NotTheAuthor, UnpublishedByModerator,
        ReasonRequired, PostChanged, LimitReached, TooHardToRender, RenderingBusy, InvalidPublication."""
        await self._limits.ensure_may_write(editor)
        members = changes.model_dump(exclude_unset=True)
        if "body" in members:
            # Nothing is rendered for a caller who may not change the post. Under the lock it is decided again.
            policy.ensure_can_change(editor, await get_owned(self._database.reads, post_id), members)
            members = await self._rendered(editor, members)
        async with self._database.writes.begin() as db:
            post = await self._revisions.lock_for(db, editor, post_id)
            policy.ensure_can_change(editor, post.view, members)
            acts = Acts.of(policy.recorded_actions(editor, post.view, members), reason)
            preconditions.versions().ensure_changeable(version_of(post.view.etag), PostChanged)
            columns = next_version(post, members, self._clock.now())
            return await self._revisions.write_as(db, editor, post, columns, acts)

    async def delete(self, editor: Principal, post_id: UUID, preconditions: Preconditions, reason: str | None) -> None:
        """Delete a post. Raises PostNotFound, NotTheAuthor, ReasonRequired, PostChanged."""
        async with self._database.writes.begin() as db:
            post = await self._revisions.lock_for(db, editor, post_id)
            policy.ensure_can_delete(editor, post.view)
            is_own = policy.is_author(editor, post.view)
            acts = Acts.of([] if is_own else [Action.DELETE], reason)
            preconditions.versions().ensure_changeable(version_of(post.view.etag), PostChanged)
            await self._revisions.delete_as(db, editor, post, acts)

    async def _begin(self, writer: Principal, draft: PostDraft) -> tuple[UUID, Mapping[str, Any]]:
        """The author of a draft, and its members with the HTML of its body: all that needs no transaction."""
        author_id = _author_id(writer)
        await self._limits.ensure_may_write(writer)
        return author_id, await self._rendered(writer, draft.model_dump())

    async def _insert(self, author_id: UUID, writer: Principal, members: Mapping[str, Any]) -> PostView:
        if members["published_at"] is None:
            view = await self._insert_in(self._database.writes, author_id, writer, members)
            if view is not None:
                return view
        # The first post since the token was issued: the card is not there yet, or its name may be an older one.
        async with self._database.writes.begin() as db:
            await authors.upsert(db, author_id, str(writer.username), writer.issued_at)
            return await self._insert_with_card(db, author_id, writer, members)

    async def _insert_with_card(
        self, db: WriteTransaction, author_id: UUID, writer: Principal, members: Mapping[str, Any]
    ) -> PostView:
        # The statements before may have waited. With an older time, listeners could miss the post.
        view = await self._insert_in(db, author_id, writer, members)
        if view is None:
            raise InvalidToken("the author's account is purged or disabled")
        if view.state == State.DRAFT:
            await self._revisions.schedule(db, view.id, view.published_at)
        return view

    async def _insert_in(
        self, db: WritePool | WriteTransaction, author_id: UUID, writer: Principal, members: Mapping[str, Any]
    ) -> PostView | None:
        names = {name: members[name] for name in ("slug", "another_slug")}
        columns = {**first_version(members, self._clock.now()), **names, "language": self._revisions.language}
        return await repository.insert(db, author_id, writer.issued_at, columns)

    async def _rendered(self, writer: Principal, members: dict[str, Any]) -> dict[str, Any]:
        """The members with the HTML of their body. Raises TooHardToRender and RenderingBusy."""
        html = await self._renderer.render(members["body"], owner=writer.subject)
        return {**members, "html": html, "renderer": RENDERER_VERSION}


async def _with_free_slug(
    members: Mapping[str, Any], insert: Callable[[Mapping[str, Any]], Awaitable[Result]]
) -> Result:
    """What `insert` returns for these members and a slug, tried again if another post gets the slug meanwhile."""
    slug = slug_of(members["title"])
    is_public = members["state"] == State.PUBLISHED and members["published_at"] is None
    for attempt in range(ATTEMPTS):
        # A draft gets another one in any case: the author of another post of that title does not learn of it.
        names = {"slug": slug if is_public and attempt == 0 else another_slug(slug), "another_slug": another_slug(slug)}
        try:
            return await insert({**members, **names})
        except UniqueViolationError as error:
            if not violates(error, SLUGS_KEY) or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError


def _author_id(writer: Principal) -> UUID:
    """The id of a caller who may be an author. Raises NotPermitted."""
    if writer.username is None:
        raise NotPermitted("the token names no author")
    return writer.person_id()
