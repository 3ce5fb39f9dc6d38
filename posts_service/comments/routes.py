"""/posts/{id}/comments and /comments/{id}: write, change and remove comments."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from posts_service.actions.schemas import Reason
from posts_service.comments.schemas import CommentChanges, CommentDraft, CommentRead
from posts_service.comments.view import CommentView
from posts_service.dependencies import KEY_REFUSALS, ChangeConditions, CommentsDep, Editor, IdempotencyKey, Writer
from posts_service.errors import (
    AnswerTooDeep,
    CommentChanged,
    CommentNotFound,
    NotTheCommentsAuthor,
    ParentNotFound,
    PostNotFound,
    PostNotPublished,
    ReasonRequired,
    RenderingBusy,
    TooHardToRender,
)
from posts_service.idempotency.answers import answer_response
from posts_service.idempotency.values import Answer, KeyedRequest
from watchword.auth import NotPermitted
from watchword.database.errors import DatabaseUnavailable
from watchword.errors import PreconditionRequired
from watchword.http import JsonBytes, StrictHotRoute
from watchword.http.responses import answer, refusals
from watchword.limits import LimitReached

router = APIRouter(tags=["comments"], route_class=StrictHotRoute)


@router.post(
    "/posts/{post_id}/comments",
    operation_id="comments_write",
    summary="Comment on a post",
    status_code=201,
    response_model=CommentRead,
    responses=answer(201, "Location", "ETag")
    | refusals(
        NotPermitted,
        PostNotFound,
        PostNotPublished,
        ParentNotFound,
        AnswerTooDeep,
        TooHardToRender,
        LimitReached,
        RenderingBusy,
        DatabaseUnavailable,
        *KEY_REFUSALS,
    ),
)
async def write_comment(
    post_id: UUID, draft: CommentDraft, writer: Writer, comments: CommentsDep, key: IdempotencyKey
) -> Response:
    """Comment on a published post, or answer a comment on it. You are the author."""
    if key is None:
        return answer_response(_created(await comments.write(writer, post_id, draft)))
    keyed_request = KeyedRequest.of(key, f"comments_write {post_id}", draft)
    return answer_response(await comments.write_once(writer, post_id, draft, keyed_request, _created))


@router.patch(
    "/comments/{comment_id}",
    operation_id="comments_edit",
    summary="Change a comment",
    response_model=CommentRead,
    responses=answer(200, "ETag")
    | refusals(
        NotPermitted,
        NotTheCommentsAuthor,
        CommentNotFound,
        PostNotPublished,
        CommentChanged,
        PreconditionRequired,
        TooHardToRender,
        LimitReached,
        RenderingBusy,
        DatabaseUnavailable,
    ),
)
async def edit_comment(
    comment_id: UUID, changes: CommentChanges, writer: Writer, comments: CommentsDep, conditions: ChangeConditions
) -> Response:
    """Change what your comment says, while its post is published."""
    view = await comments.edit(writer, comment_id, changes, conditions)
    return JsonBytes(view.as_json(), ((b"etag", view.etag.encode()),))


@router.delete(
    "/comments/{comment_id}",
    operation_id="comments_delete",
    summary="Delete a comment",
    status_code=204,
    responses=refusals(
        NotPermitted,
        NotTheCommentsAuthor,
        CommentNotFound,
        CommentChanged,
        PreconditionRequired,
        ReasonRequired,
        DatabaseUnavailable,
    ),
)
async def delete_comment(
    comment_id: UUID,
    editor: Editor,
    comments: CommentsDep,
    conditions: ChangeConditions,
    reason: Annotated[Reason | None, Query(description="Why; a moderator must say it, and it is recorded")] = None,
) -> None:
    """Delete your comment, or one on your post; moderators may delete any. One that has answers leaves a placeholder,
    which goes with the last of them."""
    await comments.remove(editor, comment_id, reason, conditions)


def _created(view: CommentView) -> Answer:
    return Answer(201, view.as_json(), f"/comments/{view.id}", view.etag)
