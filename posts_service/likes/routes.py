"""/posts/{id}/like: like a post, or take that back."""

from uuid import UUID

from fastapi import APIRouter, Response

from posts_service.dependencies import LikesDep, Writer
from posts_service.errors import PostNotFound
from posts_service.likes.schemas import LikesRead
from posts_service.posts.view import as_json
from watchword.auth import NotPermitted
from watchword.database.errors import DatabaseUnavailable
from watchword.http import JsonBytes, StrictHotRoute
from watchword.http.responses import refusals
from watchword.limits import LimitReached

router = APIRouter(prefix="/posts/{post_id}/like", tags=["likes"], route_class=StrictHotRoute)


@router.put(
    "",
    operation_id="likes_add",
    summary="Like a post",
    response_model=LikesRead,
    responses=refusals(NotPermitted, PostNotFound, LimitReached, DatabaseUnavailable),
)
async def like_post(post_id: UUID, reader: Writer, likes: LikesDep) -> Response:
    """Like a published post. Doing it again changes nothing."""
    return _response(await likes.add(reader, post_id), liked=True)


@router.delete(
    "",
    operation_id="likes_remove",
    summary="Take a like back",
    response_model=LikesRead,
    responses=refusals(NotPermitted, PostNotFound, LimitReached, DatabaseUnavailable),
)
async def unlike_post(post_id: UUID, reader: Writer, likes: LikesDep) -> Response:
    """Take back that you like a published post. Doing it again changes nothing."""
    return _response(await likes.remove(reader, post_id), liked=False)


def _response(likes: int, *, liked: bool) -> Response:
    return JsonBytes(as_json({"likes": likes, "liked": liked}))
