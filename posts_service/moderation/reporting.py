"""What readers report, and what moderators decide about it. Each block is a transaction."""

from typing import NamedTuple
from uuid import UUID

from asyncpg import Record

from posts_service.authors import repository as authors
from posts_service.errors import CommentNotFound, PostNotFound, ReportDecided, ReportNotFound
from posts_service.limits import WritingLimits
from posts_service.moderation import policy
from posts_service.moderation import report_statements as statements
from posts_service.moderation.models import ReportState
from posts_service.moderation.reading_statements import find_report
from posts_service.moderation.report_statements import Reportable, ReportRow
from posts_service.posts.policy import may_unpublish
from watchword.auth import Principal
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.errors import NotFound


class Receipt(NamedTuple):
    """A report, and whether it was made now: a person has one open report against a thing."""

    report: ReportRow
    is_new: bool


class Reporting:
    """The use cases of reports."""

    def __init__(self, database: Database, clock: Clock, limits: WritingLimits) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits

    async def report_post(self, reporter: Principal, post_id: UUID, reason: str) -> Receipt:
        """Report a published post. Raises PostNotFound, LimitReached."""
        return await self._report(statements.POST, reporter, post_id, reason, PostNotFound)

    async def report_comment(self, reporter: Principal, comment_id: UUID, reason: str) -> Receipt:
        """Report a comment on a published post. Raises CommentNotFound, LimitReached."""
        return await self._report(statements.COMMENT, reporter, comment_id, reason, CommentNotFound)

    async def decide(self, moderator: Principal, report_id: UUID, decision: ReportState, note: str | None) -> Record:
        """Decide an open report, and return it as the queue has it. Raises ReportNotFound, OwnContentReported,
        ReportDecided."""
        moderator_id = moderator.person_id()
        async with self._database.writes.begin() as db:
            await authors.ensure_card(db, moderator)
            report = await statements.lock_report(db, report_id)
            if report is None:
                raise ReportNotFound
            policy.ensure_may_decide(moderator, report)
            if report.state != ReportState.OPEN:
                raise ReportDecided
            await statements.decide(db, report_id, moderator_id, decision, note=note, now=self._clock.now())
        row = await find_report(self._database.reads, report_id, sees_unpublished=may_unpublish(moderator))
        if row is None:
            raise ReportNotFound
        return row

    async def _report(
        self, kind: Reportable, reporter: Principal, thing_id: UUID, reason: str, absence: type[NotFound]
    ) -> Receipt:
        reporter_id = reporter.person_id()
        await self._limits.ensure_may_report(reporter)
        async with self._database.writes.begin() as db:
            await authors.ensure_card(db, reporter)
            if not await statements.lock_thing(db, kind, thing_id):
                raise absence
            now = self._clock.now()
            report = await statements.insert_report(db, kind, thing_id, reporter_id, reason=reason, now=now)
            if report is not None:
                return Receipt(report, is_new=True)
            return Receipt(await statements.get_open(db, kind, thing_id, reporter_id), is_new=False)
