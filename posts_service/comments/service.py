"""What can be done with comments. Each block is a transaction."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from posts_service.actions.models import Action
from posts_service.actions.policy import ensure_reason
from posts_service.actions.repository import Thing, insert_act
from posts_service.authors import repository as authors
from posts_service.comments import policy, reading_statements, repository
from posts_service.comments.repository import AuthorCard, Text
from posts_service.comments.schemas import CommentChanges, CommentDraft
from posts_service.comments.view import CommentView
from posts_service.errors import (
    AnswerTooDeep,
    CommentChanged,
    CommentNotFound,
    ParentNotFound,
    PostNotFound,
    PostNotPublished,
)
from posts_service.idempotency.service import Idempotency
from posts_service.idempotency.values import Answer, KeyedRequest
from posts_service.limits import WritingLimits
from posts_service.posts.owned_post import OwnedPost
from posts_service.posts.policy import Permission
from posts_service.posts.reading_statements import get_owned
from posts_service.rendering.renderer import Renderer
from posts_service.rendering.version import RENDERER_VERSION
from watchword.auth import InvalidToken, NotPermitted, Principal
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.writes import WriteTransaction
from watchword.errors import AppError
from watchword.http.conditional import Preconditions


class Comments:
    """The use cases of those who write and remove comments. Writing raises LimitReached, TooHardToRender and
    RenderingBusy."""

    def __init__(
        self, database: Database, clock: Clock, limits: WritingLimits, renderer: Renderer, idempotency: Idempotency
    ) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._renderer = renderer
        self._idempotency = idempotency

    async def write(self, writer: Principal, post_id: UUID, draft: CommentDraft) -> CommentView:
        """Comment on a post, or answer a comment on it.

        Raises PostNotFound, PostNotPublished, ParentNotFound, AnswerTooDeep.
        """
        await self._charge(writer)
        await self._ensure_may_write(writer, post_id, draft.parent_id)
        text = await self._rendered(writer, draft.body)
        async with self._database.writes.begin() as db:
            return await self._insert(db, writer, post_id, draft.parent_id, text=text)

    async def write_once(
        self,
        writer: Principal,
        post_id: UUID,
        draft: CommentDraft,
        keyed_request: KeyedRequest,
        answer_of: Callable[[CommentView], Answer],
    ) -> Answer:
        """Comment as `write` does, or return the answer of the request with this key that has done so.

        Raises IdempotencyKeyReused too.
        """
        await self._charge(writer)
        try:
            await self._ensure_may_write(writer, post_id, draft.parent_id)
        except (PostNotFound, PostNotPublished, ParentNotFound, AnswerTooDeep) as refusal:
            # What has been written keeps its answer, whatever has become of the post since.
            return await self._idempotency.run(writer, keyed_request, _raising(refusal))
        text = await self._rendered(writer, draft.body)

        async def insert(db: WriteTransaction) -> Answer:
            return answer_of(await self._insert(db, writer, post_id, draft.parent_id, text=text))

        return await self._idempotency.run(writer, keyed_request, insert)

    async def edit(
        self, editor: Principal, comment_id: UUID, changes: CommentChanges, preconditions: Preconditions
    ) -> CommentView:
        """Change what one's own comment says. The same text is no change.

        Raises CommentNotFound, NotTheCommentsAuthor, PostNotPublished, CommentChanged.
        """
        await self._charge(editor)
        # Nothing is rendered for a caller who may not change the comment. Under the lock it is decided again.
        policy.ensure_can_edit(editor, *await reading_statements.get_with_post(self._database.reads, comment_id))
        text = await self._rendered(editor, changes.body)
        async with self._database.writes.begin() as db:
            post, comment, _ = await _lock(db, comment_id)
            policy.ensure_can_edit(editor, comment, post)
            preconditions.ensure_changeable(comment.etag, CommentChanged)
            if comment.body == text.body:
                return comment
            now = self._clock.now()
            await repository.update_text(db, comment_id, text, now)
        return comment._replace(body=text.body, html=text.html, version=comment.version + 1, updated_at=now)

    async def remove(
        self, remover: Principal, comment_id: UUID, reason: str | None, preconditions: Preconditions
    ) -> None:
        """Delete a comment, or leave a placeholder if it has answers. A moderator's reason is recorded.

        Raises CommentNotFound, NotTheCommentsAuthor, ReasonRequired, CommentChanged.
        """
        async with self._database.writes.begin() as db:
            if remover.may(Permission.COMMENT_DELETE_ANY):
                # The record can name them then. Cards are locked before posts.
                await authors.ensure_card(db, remover)
            post, comment, has_answers = await _lock(db, comment_id)
            if policy.needs_reason(remover, comment, post):
                thing = Thing(comment.author_id, post.id, comment_id)
                await insert_act(db, remover, Action.DELETE_COMMENT, thing, ensure_reason(reason))
            preconditions.ensure_changeable(comment.etag, CommentChanged)
            if has_answers:
                await repository.make_placeholder(db, comment_id, self._clock.now())
            else:
                await repository.delete_comment(db, comment_id, self._clock.now())

    async def _insert(
        self, db: WriteTransaction, writer: Principal, post_id: UUID, parent_id: UUID | None, *, text: Text
    ) -> CommentView:
        author, post = await _lock_for_writer(db, writer, post_id)
        policy.ensure_can_write(writer, post)
        thread_id = await _thread_answered(db, parent_id, post)
        return await repository.insert_comment(db, post_id, author, thread_id, text=text, now=self._clock.now())

    async def _charge(self, writer: Principal) -> None:
        """Count a comment that is written or changed. Raises LimitReached, and NotPermitted for a service."""
        writer.person_id()
        await self._limits.ensure_may_comment(writer)

    async def _ensure_may_write(self, writer: Principal, post_id: UUID, parent_id: UUID | None) -> None:
        """Nothing is rendered for a caller who may not write this. Under the lock it is decided again.

        Raises NotPermitted, and what `write` raises.
        """
        if writer.username is None:
            raise NotPermitted("the token names no author")
        reads = self._database.reads
        post = await get_owned(reads, post_id)
        policy.ensure_can_write(writer, post)
        if parent_id is not None:
            policy.ensure_can_be_answered(await reading_statements.find(reads, parent_id), post)

    async def _rendered(self, writer: Principal, body: str) -> Text:
        # A person's comments and posts wait in one line.
        return Text(body, await self._renderer.render(body, owner=writer.subject), RENDERER_VERSION)


async def _lock_for_writer(db: WriteTransaction, writer: Principal, post_id: UUID) -> tuple[AuthorCard, OwnedPost]:
    """The writer's card and the post, both locked. Raises PostNotFound, and InvalidToken if the account is purged or
    disabled."""
    writer_id = writer.person_id()
    locked = await repository.lock_for_writer(db, writer_id, writer.issued_at, post_id)
    if locked is None:
        # The first act since the token was issued: the card is not there yet, or its name may be an older one.
        await authors.upsert(db, writer_id, str(writer.username), writer.issued_at)
        locked = await repository.lock_for_writer(db, writer_id, writer.issued_at, post_id)
    if locked is None:
        raise InvalidToken("the writer's account is purged or disabled")
    author, post = locked
    if post is None:
        raise PostNotFound
    return author, post


def _raising(refusal: AppError) -> Callable[[WriteTransaction], Awaitable[Answer]]:
    async def refuse(_: WriteTransaction) -> Answer:
        raise refusal

    return refuse


async def _thread_answered(db: WriteTransaction, parent_id: UUID | None, post: OwnedPost) -> UUID | None:
    """The thread of the comment that is answered; None if none is. Raises ParentNotFound, AnswerTooDeep."""
    if parent_id is None:
        return None
    parent = await repository.find(db, parent_id)
    policy.ensure_can_be_answered(parent and parent[0], post)
    return parent_id


async def _lock(db: WriteTransaction, comment_id: UUID) -> tuple[OwnedPost, CommentView, bool]:
    """A comment with its post, whose row is locked, and whether it has answers. Raises CommentNotFound."""
    post = await repository.lock_post_of(db, comment_id)
    # It may have been deleted while this waited for the lock.
    comment = post and await repository.find(db, comment_id)
    if post is None or comment is None:
        raise CommentNotFound
    return post, *comment
