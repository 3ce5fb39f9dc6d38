"""/posts/{id}/comments: read what people say about a post."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from posts_service.comments.schemas import CommentPage
from posts_service.comments.view import page_as_json
from posts_service.dependencies import CommentReadingDep, Reader
from posts_service.errors import PostNotFound
from posts_service.posts.answers import page_response
from watchword.database.errors import DatabaseUnavailable
from watchword.http import StrictHotRoute
from watchword.http.keyset import InvalidCursor
from watchword.http.paging import PageCursor, PageLength
from watchword.http.responses import answer, refusals

router = APIRouter(prefix="/posts/{post_id}/comments", tags=["comments"], route_class=StrictHotRoute)


@router.get(
    "",
    operation_id="comments_list",
    summary="List the comments on a post",
    response_model=CommentPage,
    responses=answer(200, "Link") | refusals(PostNotFound, InvalidCursor, DatabaseUnavailable),
)
async def list_comments(
    post_id: UUID,
    reader: Reader,
    comments: CommentReadingDep,
    request: Request,
    limit: PageLength = 20,
    cursor: PageCursor = None,
) -> Response:
    """The comments thread by thread, each before its answers, the oldest first."""
    page = await comments.list_of(reader, post_id, cursor, limit)
    return page_response(page, page_as_json, f"/posts/{post_id}/comments", request)
