"""/posts/{id}/versions: what a post was, and making it so again."""

from uuid import UUID

from fastapi import APIRouter, Response

from posts_service.dependencies import ActReason, ChangeConditions, Editor, HistoryDep, Writer
from posts_service.errors import (
    NotTheAuthor,
    PostChanged,
    PostNotFound,
    ReasonRequired,
    RenderingBusy,
    TooHardToRender,
    VersionNotFound,
)
from posts_service.history.schemas import VersionNumber, VersionPage, VersionRead, VersionSummary
from posts_service.posts.answers import post_response
from posts_service.posts.schemas import PostRead
from watchword.auth import NotPermitted
from watchword.database.errors import DatabaseUnavailable
from watchword.errors import PreconditionRequired
from watchword.http import StrictRoute
from watchword.http.keyset import InvalidCursor
from watchword.http.paging import PageCursor, PageLength
from watchword.http.responses import answer, refusals
from watchword.limits import LimitReached

router = APIRouter(prefix="/posts/{post_id}/versions", tags=["versions"], route_class=StrictRoute)


@router.get(
    "",
    operation_id="versions_list",
    summary="List the versions of a post",
    responses=refusals(InvalidCursor, NotTheAuthor, PostNotFound, DatabaseUnavailable),
)
async def list_versions(
    post_id: UUID,
    reader: Writer,
    history: HistoryDep,
    limit: PageLength = 20,
    cursor: PageCursor = None,
) -> VersionPage:
    """The present version and those before it, the newest first, without their texts. For the author, and for
    moderators who may edit the post."""
    page = await history.list_versions(reader, post_id, cursor, limit)
    return VersionPage(items=[VersionSummary.of(version) for version in page.items], next=page.next_cursor)


@router.get(
    "/{version}",
    operation_id="versions_read",
    summary="Read a version of a post",
    responses=refusals(NotTheAuthor, PostNotFound, VersionNotFound, DatabaseUnavailable),
)
async def read_version(post_id: UUID, version: VersionNumber, reader: Writer, history: HistoryDep) -> VersionRead:
    """One version with its text, also the present one."""
    return VersionRead.of(await history.read(reader, post_id, version))


@router.post(
    "/{version}/restore",
    operation_id="versions_restore",
    summary="Restore a version of a post",
    response_model=PostRead,
    responses=answer(200, "ETag")
    | refusals(
        NotPermitted,
        NotTheAuthor,
        PostNotFound,
        VersionNotFound,
        ReasonRequired,
        PostChanged,
        PreconditionRequired,
        LimitReached,
        TooHardToRender,
        RenderingBusy,
        DatabaseUnavailable,
    ),
)
async def restore_version(
    post_id: UUID,
    version: VersionNumber,
    editor: Editor,
    history: HistoryDep,
    conditions: ChangeConditions,
    reason: ActReason = None,
) -> Response:
    """Give the post the title, text, summary and tags of this version. It is a further edit, and changes nothing of
    whether the post is published."""
    return post_response(await history.restore(editor, post_id, version, conditions, reason))
