"""Reports of readers, and what moderators read and decide."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from posts_service.dependencies import (
    ChangeConditions,
    ModerationReadingDep,
    Moderator,
    ReportingDep,
    Unpublisher,
    UnpublishingDep,
    Writer,
)
from posts_service.errors import (
    CommentNotFound,
    OwnContentReported,
    PostChanged,
    PostNotFound,
    PostNotPublished,
    ReportDecided,
    ReportNotFound,
)
from posts_service.moderation.models import ReportState
from posts_service.moderation.reading_statements import ActionFilter
from posts_service.moderation.reporting import Receipt
from posts_service.moderation.schemas import (
    ActionPage,
    ActionRead,
    ReportDecision,
    ReportDraft,
    ReportPage,
    ReportRead,
    ReportReceipt,
    Unpublication,
)
from posts_service.posts.answers import post_response
from posts_service.posts.schemas import PostRead
from watchword.auth import NotPermitted
from watchword.database.errors import DatabaseUnavailable
from watchword.errors import PreconditionRequired
from watchword.http import StrictRoute
from watchword.http.keyset import InvalidCursor
from watchword.http.paging import PageCursor, PageLength
from watchword.http.responses import Responses, answer, refusals
from watchword.limits import LimitReached

router = APIRouter(tags=["moderation"], route_class=StrictRoute)

_ALREADY_OPEN: Final[Responses] = {200: {"model": ReportReceipt, "description": "Your open report about this"}}


@router.post(
    "/posts/{post_id}/unpublish",
    operation_id="posts_unpublish",
    summary="Unpublish a post",
    response_model=PostRead,
    responses=answer(200, "ETag")
    | refusals(PostNotFound, PostNotPublished, PostChanged, PreconditionRequired, DatabaseUnavailable),
)
async def unpublish_post(
    post_id: UUID,
    unpublication: Unpublication,
    moderator: Unpublisher,
    unpublishing: UnpublishingDep,
    conditions: ChangeConditions,
) -> Response:
    """Hide a published post from everybody but its author and those who may do this. The author sees the reason, and
    can change or delete the post, but not publish it again: a moderator does that with `PATCH` and `state: published`.
    """
    return post_response(await unpublishing.unpublish(moderator, post_id, unpublication.reason, conditions))


@router.post(
    "/posts/{post_id}/reports",
    operation_id="reports_add_to_post",
    summary="Report a post",
    status_code=201,
    responses=_ALREADY_OPEN | refusals(NotPermitted, PostNotFound, LimitReached, DatabaseUnavailable),
)
async def report_post(
    post_id: UUID, draft: ReportDraft, reporter: Writer, reporting: ReportingDep, response: Response
) -> ReportReceipt:
    """Tell the moderators what is wrong with a published post. You have one open report about a post: another one is
    answered with the first."""
    return _receipt(await reporting.report_post(reporter, post_id, draft.reason), response)


@router.post(
    "/comments/{comment_id}/reports",
    operation_id="reports_add_to_comment",
    summary="Report a comment",
    status_code=201,
    responses=_ALREADY_OPEN | refusals(NotPermitted, CommentNotFound, LimitReached, DatabaseUnavailable),
)
async def report_comment(
    comment_id: UUID, draft: ReportDraft, reporter: Writer, reporting: ReportingDep, response: Response
) -> ReportReceipt:
    """Tell the moderators what is wrong with a comment on a published post. You have one open report about a comment:
    another one is answered with the first."""
    return _receipt(await reporting.report_comment(reporter, comment_id, draft.reason), response)


def _receipt(receipt: Receipt, response: Response) -> ReportReceipt:
    response.status_code = 201 if receipt.is_new else 200
    return ReportReceipt.of(receipt.report)


@router.get(
    "/moderation/reports",
    operation_id="reports_list",
    summary="List reports",
    responses=refusals(InvalidCursor, DatabaseUnavailable),
)
async def list_reports(
    moderator: Moderator,
    reading: ModerationReadingDep,
    state: ReportState = ReportState.OPEN,
    limit: PageLength = 20,
    cursor: PageCursor = None,
) -> ReportPage:
    """What readers have reported, the oldest first. For moderators: people with any permission over what is others'."""
    page = await reading.list_reports(moderator, state, cursor, limit)
    return ReportPage(items=[ReportRead.of(row) for row in page.items], next=page.next_cursor)


@router.get(
    "/moderation/reports/{report_id}",
    operation_id="reports_read",
    summary="Read a report",
    responses=refusals(ReportNotFound, DatabaseUnavailable),
)
async def read_report(report_id: UUID, moderator: Moderator, reading: ModerationReadingDep) -> ReportRead:
    """A report, open or decided. It is deleted with what it is about."""
    return ReportRead.of(await reading.read_report(moderator, report_id))


@router.patch(
    "/moderation/reports/{report_id}",
    operation_id="reports_decide",
    summary="Decide a report",
    responses=refusals(OwnContentReported, ReportNotFound, ReportDecided, DatabaseUnavailable),
)
async def decide_report(
    report_id: UUID, decision: ReportDecision, moderator: Moderator, reporting: ReportingDep
) -> ReportRead:
    """Decide an open report, once. It changes nothing of what was reported. Another moderator decides about what is
    yours."""
    return ReportRead.of(await reporting.decide(moderator, report_id, decision.state, decision.note))


@router.get(
    "/moderation/actions",
    operation_id="moderation_actions_list",
    summary="List what moderators did",
    responses=refusals(InvalidCursor, DatabaseUnavailable),
)
async def list_actions(
    moderator: Moderator,
    reading: ModerationReadingDep,
    post_id: Annotated[UUID | None, Query(description="Only acts on this post and on its comments")] = None,
    actor_id: Annotated[UUID | None, Query(description="Only acts of this moderator")] = None,
    limit: PageLength = 20,
    cursor: PageCursor = None,
) -> ActionPage:
    """Every act on what was somebody else's, the newest first. Nobody can change or delete one."""
    page = await reading.list_actions(ActionFilter(post_id, actor_id), cursor, limit)
    return ActionPage(items=[ActionRead.of(row) for row in page.items], next=page.next_cursor)
