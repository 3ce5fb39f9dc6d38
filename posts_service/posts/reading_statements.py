"""The SQL of readers: one post by its id, and lists, each a walk along one index."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Integer, Select, String, Uuid, bindparam, literal_column, select, tuple_

from posts_service.errors import PostNotFound, UnsupportedCombination
from posts_service.posts.columns import OWNED, SUMMARY_OF_READER, VIEW_OF_READER
from posts_service.posts.cursor import Cursor
from posts_service.posts.models import Post, State
from posts_service.posts.owned_post import OwnedPost
from posts_service.posts.post_query import PostQuery, Sort
from posts_service.posts.view import PostView
from posts_service.slugs.models import Slug
from posts_service.tags.models import PostTag
from watchword.database.joint_read import JointRead
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement
from watchword.http.keyset import InvalidCursor
from watchword.ids import parse_uuid

Position = tuple[datetime | int, UUID]
"""A place in a list: what the list sorts by, and the id, which orders the posts that are alike in that."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MOST_LIKES: Final = 2**31 - 1

# Before the first page.
BEGIN: Final[Mapping[Sort, Position]] = {
    Sort.NEWEST: (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1)),
    Sort.OLDEST: (datetime(1, 1, 2, tzinfo=UTC), UUID(int=0)),
    Sort.MOST_LIKED: (_MOST_LIKES, UUID(int=2**128 - 1)),
}


def _newest(posts: Select[*tuple[Any, ...]], at: Any, post_id: Any = Post.id) -> JointRead:
    """The page after a position, backwards along an index of these two columns."""
    page = posts.where(tuple_(at, post_id) < _position(at)).order_by(at.desc(), post_id.desc())
    return JointRead(page.limit(bindparam("limit", type_=Integer())))


def _oldest(posts: Select[*tuple[Any, ...]], at: Any, post_id: Any = Post.id) -> JointRead:
    page = posts.where(tuple_(at, post_id) > _position(at)).order_by(at, post_id)
    return JointRead(page.limit(bindparam("limit", type_=Integer())))


def _position(at: Any) -> Any:
    return tuple_(bindparam("position", type_=at.type), bindparam("post_id", type_=Uuid()))


# The state is written out, not bound, so that the planner can use the partial indexes.
def _in_state(state: State) -> Select[*tuple[Any, ...]]:
    return SUMMARY_OF_READER.where(Post.state == literal_column(f"'{state}'"))


_PUBLISHED: Final = _in_state(State.PUBLISHED)
_DRAFTS: Final = _in_state(State.DRAFT)
_UNPUBLISHED: Final = _in_state(State.UNPUBLISHED)
_AUTHOR_ID: Final = bindparam("author_id", type_=Uuid())
_BY_AUTHOR: Final = Post.author_id == _AUTHOR_ID
# The same, but no condition of an index: there are few unpublished posts, and an author may have many others.
_IS_BY_AUTHOR: Final = Post.author_id.is_not_distinct_from(_AUTHOR_ID)
# Its rows are those of published posts, unless the previous release has made one a draft.
_TAGGED: Final = _PUBLISHED.join(PostTag, PostTag.post_id == Post.id).where(
    PostTag.tag == bindparam("tag", type_=String())
)

LISTS: Final[Mapping[tuple[State, Sort, tuple[str, ...]], JointRead]] = {
    (State.PUBLISHED, Sort.NEWEST, ()): _newest(_PUBLISHED, Post.published_at),
    (State.PUBLISHED, Sort.NEWEST, ("author_id",)): _newest(_PUBLISHED.where(_BY_AUTHOR), Post.published_at),
    (State.PUBLISHED, Sort.NEWEST, ("tag",)): _newest(_TAGGED, PostTag.published_at, PostTag.post_id),
    (State.PUBLISHED, Sort.OLDEST, ()): _oldest(_PUBLISHED, Post.published_at),
    (State.PUBLISHED, Sort.OLDEST, ("author_id",)): _oldest(_PUBLISHED.where(_BY_AUTHOR), Post.published_at),
    (State.PUBLISHED, Sort.OLDEST, ("tag",)): _oldest(_TAGGED, PostTag.published_at, PostTag.post_id),
    (State.PUBLISHED, Sort.MOST_LIKED, ()): _newest(_PUBLISHED, Post.likes),
    (State.DRAFT, Sort.NEWEST, ("author_id",)): _newest(_DRAFTS.where(_BY_AUTHOR), Post.created_at),
    (State.UNPUBLISHED, Sort.NEWEST, ()): _newest(_UNPUBLISHED, Post.created_at),
    (State.UNPUBLISHED, Sort.NEWEST, ("author_id",)): _newest(_UNPUBLISHED.where(_IS_BY_AUTHOR), Post.created_at),
}
"""By their state, their order, and what their posts have in common beside that."""

BY_ID: Final = JointRead(VIEW_OF_READER.where(Post.id == bindparam("post_id", type_=Uuid())))

_OWNED: Final = Statement(select(*OWNED).where(Post.id == bindparam("post_id", type_=Uuid())))
_BY_SLUG: Final = Statement(
    VIEW_OF_READER.join(Slug, Slug.post_id == Post.id).where(Slug.slug == bindparam("slug", type_=String()))
)
# A post that the previous release has written goes by its id until a slug has been made.
_WITHOUT_SLUG: Final = Statement(
    VIEW_OF_READER.where(Post.id == bindparam("post_id", type_=Uuid()), Post.slug.is_(None))
)


async def find_view(reads: ReadPool, post_id: UUID, reader_id: UUID | None) -> PostView | None:
    row = await reads.fetch_joint_row(BY_ID, post_id=post_id, reader_id=reader_id)
    return PostView.of(row) if row is not None else None


async def get_owned(reads: ReadPool, post_id: UUID) -> OwnedPost:
    """A post without its texts. Raises PostNotFound."""
    row = await reads.fetch_row(_OWNED, post_id=post_id)
    if row is None:
        raise PostNotFound
    return OwnedPost(*row)


async def find_by_slug(reads: ReadPool, slug: str, reader_id: UUID | None) -> PostView | None:
    """The post that has or has had this slug, as this person sees it."""
    row = await reads.fetch_row(_BY_SLUG, slug=slug, reader_id=reader_id)
    if row is None and (post_id := parse_uuid(slug)) is not None:
        row = await reads.fetch_row(_WITHOUT_SLUG, post_id=post_id, reader_id=reader_id)
    return None if row is None else PostView.of(row)


async def list_views(
    reads: ReadPool, query: PostQuery, begin: Cursor | None, limit: int, reader_id: UUID | None
) -> list[PostView]:
    """The posts that come after `begin`. Raises UnsupportedCombination if there is no such list."""
    filters = query.filters
    statement = LISTS.get((query.state, query.sort, tuple(filters)))
    if statement is None:
        raise UnsupportedCombination
    position, post_id = BEGIN[query.sort] if begin is None else position_at(begin, query.sort)
    rows = await reads.fetch_joint_rows(
        statement, position=position, post_id=post_id, limit=limit, reader_id=reader_id, **filters
    )
    return [PostView.of(row) for row in rows]


def cursor_of(view: PostView, query: PostQuery) -> Cursor:
    """The place of a post in this list."""
    return cursor_at((view.likes if query.sort is Sort.MOST_LIKED else view.listed_at, view.id), query)


def cursor_at(position: Position, query: PostQuery) -> Cursor:
    at, post_id = position
    return Cursor(query.list_name, (at - _EPOCH) // _MICROSECOND if isinstance(at, datetime) else at, post_id)


def position_at(cursor: Cursor, sort: Sort) -> Position:
    """Raises InvalidCursor if no post can be there."""
    if sort is Sort.MOST_LIKED:
        if not 0 <= cursor.position <= _MOST_LIKES:
            raise InvalidCursor
        return cursor.position, cursor.post_id
    try:
        return _EPOCH + cursor.position * _MICROSECOND, cursor.post_id
    except OverflowError:
        raise InvalidCursor from None
