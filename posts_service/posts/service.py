"""What can be done with posts. Each block is a transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from posts_service.authors import repository as authors
from posts_service.errors import PostChanged, PostNotFound
from posts_service.posts import policy, repository
from posts_service.posts.cursor import Cursor
from posts_service.posts.models import Post, State
from posts_service.posts.schemas import PostChanges, PostDraft
from posts_service.posts.view import PostView
from watchword.auth import InvalidToken, MissingToken, NotPermitted, Principal
from watchword.database.database import Database
from watchword.http.conditional import is_expected


@dataclass(frozen=True, slots=True)
class Page:
    """`following` is where the next page begins, None on the last one."""

    views: list[PostView]
    following: Cursor | None


async def read_post(database: Database, reader: Principal | None, post_id: UUID) -> PostView:
    """A post that this reader may see. Raises PostNotFound."""
    row = await database.reads.fetch_row(repository.BY_ID, post_id=post_id)
    if row is None:
        raise PostNotFound
    view = PostView.of(row)
    policy.ensure_can_see(reader, view)
    return view


async def list_posts(
    database: Database,
    reader: Principal | None,
    *,
    state: State,
    author_id: UUID | None,
    cursor: Cursor | None,
    limit: int,
) -> Page:
    """Published posts, the newest first, of one author or of all; or the reader's own drafts."""
    begin = cursor or repository.TOP
    # One more than asked for tells whether there is a next page.
    values: dict[str, Any] = {"at": begin.at, "post_id": begin.post_id, "limit": limit + 1}
    if state is State.DRAFT:
        if reader is None:
            raise MissingToken("drafts are their author's")
        statement, values["author_id"] = repository.DRAFTS, reader.person_id()
        if author_id not in (None, values["author_id"]):
            return Page([], None)
    elif author_id is not None:
        statement, values["author_id"] = repository.BY_AUTHOR, author_id
    else:
        statement = repository.FEED
    views = [PostView.of(row) for row in await database.reads.fetch_rows(statement, **values)]
    if len(views) <= limit:
        return Page(views, None)
    last = views[limit - 1]
    return Page(
        views[:limit], Cursor(last.created_at if state is State.DRAFT else last.published_at or begin.at, last.id)
    )


async def publish_post(database: Database, writer: Principal, draft: PostDraft, now: datetime) -> PostView:
    """A new post of the caller's, published or as a draft."""
    author_id = writer.person_id()
    if writer.username is None:
        raise NotPermitted("the token names no author")
    post = Post(
        author_id=author_id,
        title=draft.title,
        body=draft.body,
        state=draft.state,
        version=1,
        created_at=now,
        updated_at=now,
        published_at=now if draft.state is State.PUBLISHED else None,
    )
    async with database.begin() as db:
        author = await authors.keep(db, author_id, writer.username, writer.issued_at)
        if author is None:
            raise InvalidToken("the author's account is purged")
        post.author = author
        db.add(post)
    return PostView.of_post(post)


async def edit_post(
    database: Database, editor: Principal, post_id: UUID, changes: PostChanges, if_match: str | None, now: datetime
) -> PostView:
    """Change what is given. Raises PostNotFound, NotTheAuthor, PostChanged."""
    async with database.begin() as db:
        post = await repository.get_for_update(db, post_id)
        policy.ensure_can_edit(editor, post)
        if "state" in changes.model_fields_set:
            policy.ensure_can_publish(editor, post)
        _ensure_expected(post, if_match)
        post.apply(changes.model_dump(exclude_unset=True), now)
    return PostView.of_post(post)


async def delete_post(database: Database, editor: Principal, post_id: UUID, if_match: str | None) -> None:
    """Remove it for good. Raises PostNotFound, NotTheAuthor, PostChanged."""
    async with database.begin() as db:
        post = await repository.get_for_update(db, post_id)
        policy.ensure_can_delete(editor, post)
        _ensure_expected(post, if_match)
        await db.delete(post)


def _ensure_expected(post: Post, if_match: str | None) -> None:
    if not is_expected(if_match, PostView.of_post(post).etag):
        raise PostChanged
