"""/posts: write, change, delete."""

from uuid import UUID

from fastapi import APIRouter, Response

from posts_service.dependencies import (
    KEY_REFUSALS,
    ActReason,
    ChangeConditions,
    Editor,
    IdempotencyKey,
    PostsDep,
    Writer,
)
from posts_service.errors import (
    AlreadyPublished,
    InvalidPublication,
    NotTheAuthor,
    PostChanged,
    PostNotFound,
    ReasonRequired,
    RenderingBusy,
    TooHardToRender,
    UnpublishedByModerator,
)
from posts_service.idempotency.answers import answer_response
from posts_service.idempotency.values import KeyedRequest
from posts_service.posts.answers import created, post_response
from posts_service.posts.schemas import PostChanges, PostDraft, PostRead
from watchword.auth import NotPermitted
from watchword.database.errors import DatabaseUnavailable
from watchword.errors import PreconditionRequired
from watchword.http import StrictHotRoute
from watchword.http.responses import answer, refusals
from watchword.limits import LimitReached

router = APIRouter(prefix="/posts", tags=["posts"], route_class=StrictHotRoute)


@router.post(
    "",
    operation_id="posts_publish",
    summary="Publish a post",
    status_code=201,
    response_model=PostRead,
    responses=answer(201, "Location", "ETag")
    | refusals(
        NotPermitted,
        LimitReached,
        InvalidPublication,
        TooHardToRender,
        RenderingBusy,
        DatabaseUnavailable,
        *KEY_REFUSALS,
    ),
)
async def publish_post(draft: PostDraft, writer: Writer, posts: PostsDep, key: IdempotencyKey) -> Response:
    """Publish a post, or store it as a draft. You are its author."""
    if key is None:
        return answer_response(created(await posts.publish(writer, draft)))
    keyed_request = KeyedRequest.of(key, "posts_publish", draft)
    return answer_response(await posts.publish_once(writer, draft, keyed_request, created))


@router.patch(
    "/{post_id}",
    operation_id="posts_edit",
    summary="Change a post",
    response_model=PostRead,
    responses=answer(200, "ETag")
    | refusals(
        NotPermitted,
        NotTheAuthor,
        UnpublishedByModerator,
        PostNotFound,
        ReasonRequired,
        PostChanged,
        PreconditionRequired,
        LimitReached,
        InvalidPublication,
        AlreadyPublished,
        TooHardToRender,
        RenderingBusy,
        DatabaseUnavailable,
    ),
)
async def edit_post(
    post_id: UUID,
    changes: PostChanges,
    editor: Editor,
    posts: PostsDep,
    conditions: ChangeConditions,
    reason: ActReason = None,
) -> Response:
    """Change a post. Only its author or a moderator may; members left out stay as they are. What a moderator has
    unpublished, its author can change, and a moderator publish again."""
    return post_response(await posts.edit(editor, post_id, changes, conditions, reason))


@router.delete(
    "/{post_id}",
    operation_id="posts_delete",
    summary="Delete a post",
    status_code=204,
    responses=refusals(
        NotPermitted, NotTheAuthor, PostNotFound, ReasonRequired, PostChanged, PreconditionRequired, DatabaseUnavailable
    ),
)
async def delete_post(
    post_id: UUID, editor: Editor, posts: PostsDep, conditions: ChangeConditions, reason: ActReason = None
) -> None:
    """Delete a post. Only its author or a moderator may."""
    await posts.delete(editor, post_id, conditions, reason)
