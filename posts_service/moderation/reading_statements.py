"""The SQL of what moderators read: the queue of reports, and the record of acts."""

from typing import Final, NamedTuple
from uuid import UUID

from asyncpg import Record
from sqlalchemy import Boolean, Integer, String, Uuid, and_, bindparam, case, cast, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from posts_service.actions.models import ModerationAction
from posts_service.authors.models import Author
from posts_service.comments.models import Comment
from posts_service.moderation.models import Report
from posts_service.posts.models import Post
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement

BEGINNING_CHARACTERS: Final = 280

_LIMIT: Final = bindparam("limit", type_=Integer())
_ID: Final = bindparam("id", type_=Uuid())

_reporter, _author, _commenter, _decider = (aliased(Author) for _ in range(4))
# The draft of a post is its author's alone, also if it has been public.
_IS_SEEN: Final = or_(
    Post.state == literal_column("'published'"),
    and_(Post.state == literal_column("'unpublished'"), bindparam("sees_unpublished", type_=Boolean())),
)
_REPORTED_TEXT: Final = case((Report.comment_id.is_(None), Post.body), else_=Comment.body)

_REPORTS: Final = (
    select(
        Report.id,
        Report.reason,
        Report.state,
        Report.created_at,
        Report.reporter_id,
        _reporter.username.label("reporter_name"),
        Post.id.label("post_id"),
        Post.state.label("post_state"),
        Post.version.label("post_version"),
        case((_IS_SEEN, func.coalesce(Post.slug, cast(Post.id, String)))).label("slug"),
        case((_IS_SEEN, Post.title)).label("title"),
        Post.author_id,
        _author.username.label("author_name"),
        Report.comment_id,
        case((_IS_SEEN, func.left(_REPORTED_TEXT, BEGINNING_CHARACTERS))).label("beginning"),
        Comment.version.label("comment_version"),
        Comment.author_id.label("commenter_id"),
        _commenter.username.label("commenter_name"),
        Report.decided_by,
        _decider.username.label("decider_name"),
        Report.decided_at,
        Report.note,
    )
    .join(_reporter, _reporter.id == Report.reporter_id)
    .outerjoin(Comment, Comment.id == Report.comment_id)
    .join(Post, Post.id == func.coalesce(Report.post_id, Comment.post_id))
    .join(_author, _author.id == Post.author_id)
    .outerjoin(_commenter, _commenter.id == Comment.author_id)
    .outerjoin(_decider, _decider.id == Report.decided_by)
)
REPORT: Final = Statement(_REPORTS.where(Report.id == _ID))
# The page is cut off before the names are joined to it.
_PAGE: Final = (
    select(Report.id)
    .where(Report.state == bindparam("state", type_=String()), Report.id > _ID)
    .order_by(Report.id)
    .limit(_LIMIT)
)
QUEUE: Final = Statement(_REPORTS.where(Report.id == func.any(func.array(_PAGE.scalar_subquery()))).order_by(Report.id))

_actor, _owner = aliased(Author), aliased(Author)
_ACTIONS: Final = (
    select(
        *ModerationAction.__table__.columns,
        _actor.username.label("actor_name"),
        _owner.username.label("owner_name"),
    )
    .outerjoin(_actor, _actor.id == ModerationAction.actor_id)
    .outerjoin(_owner, _owner.id == ModerationAction.owner_id)
    .where(ModerationAction.id < _ID)
    .order_by(ModerationAction.id.desc())
    .limit(_LIMIT)
)


class ActionFilter(NamedTuple):
    """Which acts are listed: those on a post and its comments, those of a moderator. None is for every one."""

    post_id: UUID | None = None
    actor_id: UUID | None = None


def _list_by(*names: str) -> Statement:
    table = ModerationAction.__table__.c
    return Statement(_ACTIONS.where(*(table[name] == bindparam(name, type_=Uuid()) for name in names)))


# One statement for every filter would have one plan, which uses no index.
ACTION_LISTS: Final[dict[tuple[str, ...], Statement]] = {
    names: _list_by(*names) for names in ((), ("post_id",), ("actor_id",), ("post_id", "actor_id"))
}


async def list_reports(reads: ReadPool, state: str, after: UUID, limit: int, *, sees_unpublished: bool) -> list[Record]:
    """Reports in this state, the oldest first, after the one with this id. Without texts of posts that their reader may
    not see: `sees_unpublished` is for a moderator who may see unpublished ones."""
    return await reads.fetch_rows(QUEUE, state=state, id=after, limit=limit, sees_unpublished=sees_unpublished)


async def find_report(reads: ReadPool, report_id: UUID, *, sees_unpublished: bool) -> Record | None:
    return await reads.fetch_row(REPORT, id=report_id, sees_unpublished=sees_unpublished)


async def list_actions(reads: ReadPool, filters: ActionFilter, before: UUID, limit: int) -> list[Record]:
    """Acts that the filters select, the newest first, before the one with this id."""
    values = {name: value for name, value in filters._asdict().items() if value is not None}
    return await reads.fetch_rows(ACTION_LISTS[tuple(values)], id=before, limit=limit, **values)
