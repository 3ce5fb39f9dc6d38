"""The SQL that writes reports and decisions."""

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    String,
    Uuid,
    bindparam,
    case,
    false,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from posts_service.comments.models import Comment
from posts_service.moderation.models import Report, ReportState
from posts_service.posts.models import Post
from watchword.database.statements import Statement
from watchword.database.writes import WriteTransaction

_IS_OPEN: Final = Report.state == literal_column("'open'")
_ID: Final = bindparam("thing_id", type_=Uuid())
_IS_PUBLISHED: Final = Post.state == literal_column("'published'")


class ReportRow(NamedTuple):
    """A report as its reporter gets it."""

    id: UUID
    post_id: UUID | None
    comment_id: UUID | None
    reason: str
    state: str
    created_at: datetime


class Reported(NamedTuple):
    """A report whose row is locked: what has become of it, and whose it is about. What is a comment without an author
    any more is nobody's."""

    state: str
    owner_id: UUID | None

    def is_by(self, subject: str) -> bool:
        """Whether it is about what is this person's."""
        return str(self.owner_id) == subject


_COLUMNS: Final = tuple(getattr(Report, name) for name in ReportRow._fields)


class Reportable:
    """A kind of thing that can be reported: the statements that lock one, and that write and find its open report."""

    def __init__(self, column: InstrumentedAttribute[UUID | None], lock: Any) -> None:
        reporter: Any = bindparam("reporter_id", type_=Uuid())
        self.lock = Statement(lock)
        self.insert = Statement(
            insert(Report)
            .values(
                {
                    column.key: _ID,
                    "reporter_id": reporter,
                    "reason": bindparam("reason", type_=String()),
                    "created_at": bindparam("now", type_=DateTime(timezone=True)),
                    "state": literal_column("'open'"),
                }
            )
            # An open report that there is already is locked and not changed, so that none decides it before it is read.
            .on_conflict_do_update(
                index_elements=[Report.reporter_id, column],
                index_where=_IS_OPEN,
                set_={"state": Report.state},
                where=false(),
            )
            .returning(*_COLUMNS)
        )
        self.find = Statement(select(*_COLUMNS).where(_IS_OPEN, Report.reporter_id == reporter, column == _ID))


# A thing that is locked cannot be deleted before the report is committed.
POST: Final = Reportable(
    Report.post_id, select(Post.id).where(Post.id == _ID, _IS_PUBLISHED).with_for_update(read=True, key_share=True)
)
COMMENT: Final = Reportable(
    Report.comment_id,
    select(Comment.id)
    .join(Post, Post.id == Comment.post_id)
    .where(Comment.id == _ID, Comment.removed_at.is_(None), _IS_PUBLISHED)
    # Not its post too: those who delete a comment have locked the post before.
    .with_for_update(of=Comment, read=True, key_share=True),
)

_HAS_ID: Final[ColumnElement[bool]] = Report.id == bindparam("report_id", type_=Uuid())
_LOCK: Final = Statement(
    select(Report.state, case((Report.comment_id.is_(None), Post.author_id), else_=Comment.author_id))
    .outerjoin(Post, Post.id == Report.post_id)
    .outerjoin(Comment, Comment.id == Report.comment_id)
    .where(_HAS_ID)
    .with_for_update(of=Report)
)
_DECIDE: Final = Statement(
    update(Report)
    .where(_HAS_ID)
    .values(
        state=bindparam("decision", type_=String()),
        note=bindparam("remark", type_=String()),
        decided_by=bindparam("moderator_id", type_=Uuid()),
        decided_at=bindparam("now", type_=DateTime(timezone=True)),
    )
)


async def lock_thing(db: WriteTransaction, kind: Reportable, thing_id: UUID) -> bool:
    """Keep a published thing from being deleted until the transaction ends. False if there is none."""
    return await db.fetch_row(kind.lock, thing_id=thing_id) is not None


async def insert_report(
    db: WriteTransaction, kind: Reportable, thing_id: UUID, reporter_id: UUID, *, reason: str, now: datetime
) -> ReportRow | None:
    """Insert an open report. None if this person has one against this thing already, which is locked then; one that is
    being inserted or decided at the same time is waited for."""
    who_what = {"thing_id": thing_id, "reporter_id": reporter_id}
    row = await db.fetch_row(kind.insert, **who_what, reason=reason, now=now)
    return None if row is None else ReportRow(*row)


async def get_open(db: WriteTransaction, kind: Reportable, thing_id: UUID, reporter_id: UUID) -> ReportRow:
    """The open report of this person against this thing, which `insert_report` has locked."""
    row = await db.fetch_row(kind.find, thing_id=thing_id, reporter_id=reporter_id)
    assert row is not None  # noqa: S101 - the row is locked
    return ReportRow(*row)


async def lock_report(db: WriteTransaction, report_id: UUID) -> Reported | None:
    """A report, its row locked until the transaction ends. One that is being decided is waited for."""
    row = await db.fetch_row(_LOCK, report_id=report_id)
    return None if row is None else Reported(*row)


async def decide(
    db: WriteTransaction, report_id: UUID, moderator_id: UUID, decision: ReportState, *, note: str | None, now: datetime
) -> None:
    """Write the decision about a report that is locked."""
    values = {"decision": decision.value, "remark": note, "moderator_id": moderator_id, "now": now}
    await db.execute(_DECIDE, report_id=report_id, **values)
